/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm semihosting from a bare image (Arm 100863): each call that Cella serves, its errors, and names that must not lead out
 * of the directory. Prints the host's time and the command line; ends with status 0, or the line that failed.
 */
typedef unsigned long u64;

enum {
	OPEN = 1, CLOSE, WRITEC, WRITE0, WRITE, READ, READC, ISERROR, ISTTY, SEEK, FLEN = 0xc, REMOVE = 0xe, RENAME, CLOCK,
	TIME, ERRNO = 0x13, CMDLINE = 0x15, HEAPINFO, EXIT = 0x18, EXIT_EXTENDED = 0x20, ELAPSED = 0x30, TICKFREQ,
};
enum { R = 0, W = 4, W_PLUS = 6, A = 8 };		/* fopen's modes */
enum { NOENT = 2, BADF = 9, FAULT = 14 };
#define FAILED	(~0ul)
#define RAM_END	0x60000000ul

static u64 call(u64 op, const void *block)
{
	register u64 x0 __asm__("x0") = op;
	register const void *x1 __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return x0;
}

#define sys(op, ...) call(op, (u64[]){ __VA_ARGS__ })

static u64 length(const char *s)
{
	u64 n = 0;

	while (s[n])
		n++;
	return n;
}

static u64 open(const char *name, u64 mode)
{
	return sys(OPEN, (u64)name, mode, length(name));
}

static int same(const char *a, const char *b, u64 n)
{
	while (n && *a++ == *b++)
		n--;
	return !n;
}

static void print_number(u64 n)
{
	char text[24], *p = text + 23;

	*p = 0;
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	call(WRITE0, p);
}

static void end(u64 status)
{
	sys(EXIT, 0x20026, status);
}

#define need(condition) do { if (!(condition)) end(__LINE__ & 0xff); } while (0)

static void files(void)
{
	char buf[16];
	u64 f = open("a", W_PLUS), g;

	need(f != FAILED && sys(ISERROR, f) == 0 && sys(ISERROR, FAILED) == 1);
	need(sys(WRITE, f, (u64)"0123456789", 10) == 0);
	need(sys(FLEN, f) == 10 && sys(ISTTY, f) == 0);
	need(sys(SEEK, f, 4) == 0 && sys(READ, f, (u64)buf, 16) == 10 && same(buf, "456789", 6));
	need(sys(READ, f, (u64)buf, 16) == 16);				/* the end of the file */
	need(sys(CLOSE, f) == 0 && sys(CLOSE, f) == FAILED && call(ERRNO, 0) == BADF);
	g = open("a", A);
	need(g != FAILED && sys(WRITE, g, (u64)"+", 1) == 0 && sys(FLEN, g) == 11 && sys(CLOSE, g) == 0);
	need(sys(RENAME, (u64)"a", 1, (u64)"sub/b", 5) == 0);
	need(open("a", R) == FAILED && call(ERRNO, 0) == NOENT);
	need(sys(REMOVE, (u64)"sub/b", 5) == 0 && open("sub/b", R) == FAILED);
	g = open(":tt", W);
	need(g != FAILED && sys(ISTTY, g) == 1 && sys(WRITE, g, (u64)"tt ", 3) == 0 && sys(CLOSE, g) == 0);
	need(open(":semihosting-features", R) != FAILED);
}

static void escapes(void)
{
	static const char *const names[] = {
		"../outside", "/etc/passwd", "sub/../../outside", "link/outside", "filelink", "", ".", "sub", "fifo", "/",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		need(open(names[i], R) == FAILED);
		need(open(names[i], W) == FAILED);
		need(sys(REMOVE, (u64)names[i], length(names[i])) == FAILED || same(names[i], "fi", 2));
	}
	need(sys(RENAME, (u64)"kept", 4, (u64)"../kept", 7) == FAILED);
	need(sys(RENAME, (u64)"../outside", 10, (u64)"in", 2) == FAILED);
	need(sys(REMOVE, (u64)"link/outside", 12) == FAILED);
}

/* Blocks and buffers that are no memory, handles that are none, numbers that are no call. */
static void nonsense(void)
{
	static const u64 numbers[] = { 0, 0xb, 0x14, 0x17, 0x32, 0x100, 0xffffffff };
	char name[2] = "k";
	u64 f = open(name, W_PLUS);

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		need(call(numbers[i], name) == FAILED);
	need(call(OPEN, (void *)RAM_END) == FAILED && call(ERRNO, 0) == FAULT);
	need(call(OPEN, (void *)(RAM_END - 8)) == FAILED);
	need(sys(OPEN, RAM_END, R, 4) == FAILED && sys(OPEN, (u64)name, R, ~0ul) == FAILED &&
	     sys(OPEN, (u64)name, 12, 1) == FAILED);
	need(sys(WRITE, f, RAM_END - 4, 8) == 8 && sys(READ, f, RAM_END - 4, ~0ul) == ~0ul);
	need(sys(WRITE, 0, (u64)name, 1) == 1 && sys(READ, 77, (u64)name, 1) == FAILED && sys(FLEN, ~0ul) == FAILED);
	need(sys(SEEK, f, ~0ul) == FAILED && sys(CMDLINE, (u64)name, 2) == FAILED && sys(CMDLINE, RAM_END, 200) == FAILED);
	call(WRITE0, (void *)(RAM_END - 1));
	call(WRITEC, (void *)RAM_END);
	need(sys(CLOSE, f) == 0);
}

static void rest(void)
{
	char line[64];
	u64 block[] = { (u64)line, sizeof(line) }, before, after;

	need(call(CMDLINE, block) == 0 && block[1] == 7 && same(line, "one two", 8));
	need(call(TICKFREQ, 0) >= 1000000 && call(ELAPSED, &before) == 0);
	do
		need(call(ELAPSED, &after) == 0 && after >= before);
	while (after - before < call(TICKFREQ, 0) / 20);
	need(call(CLOCK, 0) >= 4 && call(CLOCK, 0) < 6000);
	call(WRITEC, ">");
	print_number(call(TIME, 0));
	call(WRITE0, "\n");
}

void c_start(void)
{
	files();
	escapes();
	nonsense();
	rest();
	end(0);
}

__asm__(".globl _start\n_start: ldr x0, =0x40800000\n mov sp, x0\n bl c_start\n b .\n");
