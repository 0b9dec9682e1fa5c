/* SPDX-License-Identifier: BSD-2-Clause */
/* What else the table of options is good for: --help, the man page, --dry-run, shell completion. */
#include <string.h>

#include "ctl/options.h"

static void option_synopsis(const struct option *opt, char buf[96])
{
	char letter[8] = "    ";

	if (opt->letter)
		snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
	snprintf(buf, 96, "%s--%s%s%s%s", letter, opt->name,
		 !opt->value ? "" : opt->flags & OPTION_VALUE_OPTIONAL ? "[=" : " ", opt->value ? opt->value : "",
		 opt->flags & OPTION_VALUE_OPTIONAL ? "]" : "");
}

static void help_group(FILE *f, bool expert)
{
	char left[96];

	for (const struct option *opt = run_option_table; opt->name; opt++) {
		if (!(opt->flags & OPTION_EXPERT) == expert)
			continue;
		option_synopsis(opt, left);
		if (strlen(left) > 26)
			fprintf(f, "  %s\n  %-26s", left, "");
		else
			fprintf(f, "  %-26s", left);
		fprintf(f, " %s", opt->help);
		if (opt->choices && strchr(opt->choices, '|'))
			fprintf(f, ": %s", opt->choices);
		fputc('\n', f);
	}
}

void run_options_help(FILE *f)
{
	fputs("cella run [OPTION...] [GUEST|KERNEL]\n\n"
	      "Runs a virtual machine on this terminal. GUEST: hello (built in) or debian-arm64.\n\n", f);
	help_group(f, false);
	fputs("\nFor development:\n", f);
	help_group(f, true);
	fputs("\nKeys: Ctrl-A x quits, Ctrl-A h helps. Status: 0 powered off, 1 not started, 3 crashed, 4 stopped,\n"
	      "124 time is up. Manual: cella(1).\n", f);
}

void run_options_man(FILE *f)
{
	for (const struct option *opt = run_option_table; opt->name; opt++) {
		fputs(".It", f);
		if (opt->letter)
			fprintf(f, " Fl %c%s", opt->letter, opt->value ? "" : " ,");
		if (opt->letter && opt->value)
			fputs(" ,", f);
		fprintf(f, " Fl -%s", opt->name);
		if (opt->value)
			fprintf(f, opt->flags & OPTION_VALUE_OPTIONAL ? " Ns Op = Ns Ar %s" : " Ar %s", opt->value);
		fprintf(f, "\n%c%s", opt->help[0] & ~(opt->help[0] >= 'a' && opt->help[0] <= 'z' ? 32 : 0), opt->help + 1);
		if (opt->choices && strchr(opt->choices, '|'))
			fprintf(f, ": %s", opt->choices);
		fputs(".\n", f);
	}
}

static void toml_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			fprintf(f, "\\u%04x", (unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void toml_option(const struct run_options *o, const struct option *opt, FILE *f)
{
	const struct option_list *l;
	char buf[32];

	switch ((enum option_type)opt->type) {
	case OPTION_FLAG:
		if (OPTION_MEMBER(o, opt, const bool))
			fprintf(f, "%s = true\n", opt->name);
		return;
	case OPTION_LIST:
		l = &OPTION_MEMBER(o, opt, const struct option_list);
		if (!l->count)
			return;
		fprintf(f, "%s = [", opt->name);
		for (unsigned i = 0; i < l->count; i++) {
			fputs(i ? ", " : "", f);
			toml_string(f, l->item[i]);
		}
		fputs("]\n", f);
		return;
	case OPTION_STRING:
		if (!OPTION_MEMBER(o, opt, char *const))
			return;
		fprintf(f, "%s = ", opt->name);
		toml_string(f, OPTION_MEMBER(o, opt, char *const));
		fputc('\n', f);
		return;
	default:
		if (OPTION_MEMBER(o, opt, const uint64_t) == OPTION_UNSET)
			return;
		if (opt->type == OPTION_SIZE)
			fprintf(f, "%s = \"%s\"\n", opt->name, format_size(OPTION_MEMBER(o, opt, const uint64_t), buf));
		else
			fprintf(f, "%s = %llu\n", opt->name, (unsigned long long)OPTION_MEMBER(o, opt, const uint64_t));
	}
}

void run_options_toml(const struct run_options *o, FILE *f)
{
	for (const struct option *opt = run_option_table; opt->name; opt++)
		if (!(opt->flags & OPTION_LOCAL))
			toml_option(o, opt, f);
}

static void completion_words(FILE *f)
{
	for (const struct option *opt = run_option_table; opt->name; opt++) {
		fprintf(f, " --%s", opt->name);
		if (opt->letter)
			fprintf(f, " -%c", opt->letter);
	}
}

/* One line of the script's `case` on the word before: what may follow it. */
static void completion_case(FILE *f, const struct option *opt)
{
	if (!opt->value || opt->flags & OPTION_VALUE_OPTIONAL)
		return;
	fprintf(f, "\t--%s", opt->name);
	if (opt->letter)
		fprintf(f, " | -%c", opt->letter);
	fputs(") ", f);
	if (opt->flags & OPTION_FILE)
		fputs("compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")", f);
	else if (opt->choices) {
		fputs("mapfile -t COMPREPLY < <(compgen -W \"", f);
		for (const char *c = opt->choices; *c; c++)
			fputc(*c == '|' ? ' ' : *c, f);
		fputs("\" -- \"$cur\")", f);
	} else {
		fputs(":", f);
	}
	fputs("; return ;;\n", f);
}

void run_options_completion(const char *const *commands, const char *const *guests, void (*more)(FILE *f), FILE *f)
{
	fputs("# bash completion of cella, printed by `cella help --completion` from its own tables\n_cella()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} commands=\"", f);
	for (unsigned i = 0; commands[i]; i++)
		fprintf(f, "%s%s", i ? " " : "", commands[i]);
	fputs("\" guests=\"", f);
	for (unsigned i = 0; guests[i]; i++)
		fprintf(f, "%s%s", i ? " " : "", guests[i]);
	fputs("\" options=\"", f);
	completion_words(f);
	fputs("\"\n\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ] || [ \"${COMP_WORDS[1]}\" = help ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$cur\")\n\t\treturn\n\tfi\n"
	      "\tif [ \"${COMP_WORDS[1]}\" = get ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$guests\" -- \"$cur\")\n\t\treturn\n\tfi\n", f);
	more(f);
	fputs("\t[ \"${COMP_WORDS[1]}\" = run ] || return\n\tcase $prev in\n", f);
	for (const struct option *opt = run_option_table; opt->name; opt++)
		completion_case(f, opt);
	fputs("\tesac\n\tcase $cur in\n"
	      "\t-*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\") ;;\n"
	      "\t*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -W \"$guests\" -- \"$cur\"; compgen -f -- \"$cur\") ;;\n"
	      "\tesac\n}\ncomplete -F _cella cella\n", f);
}
