/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The engine's log, for read() on /dev/cella. It lies in the image's memory (abi/image.h), of which the engine lets the root see
 * just this. EL2 wakes nobody, so a reader that waits looks again every POLL_MS.
 */
#define pr_fmt(fmt) "cella: " fmt

#include <linux/fs.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cella.h"

#define POLL_MS	50

/* When it could not be enabled: nobody reads its log, which says why. */
void console_print(const struct image_header *header)
{
	const struct image_console *console;
	u32 at = 0, end, len, tail;

	console = memremap(header->phys + header->console_offset, header->console_size, MEMREMAP_WB);
	if (!console)
		return;
	tail = console->tail;
	end = min3(tail, console->size, (u32)(header->console_size - sizeof(*console)));
	for (; at < end; at += len + 1) {
		for (len = 0; at + len < end && console->content[at + len] != '\n'; len++)
			;
		pr_err("engine: %.*s\n", (int)len, console->content + at);
	}
	memunmap((void *)console);
}

/* What size is checked against is the header's, which the loader read before the engine ran. */
int console_map(const struct image_header *header)
{
	const struct image_console *console;

	console = memremap(header->phys + header->console_offset, header->console_size, MEMREMAP_WB);
	if (!console)
		return -ENOMEM;
	if (!is_power_of_2(console->size) || console->size > header->console_size - sizeof(*console)) {
		memunmap((void *)console);
		return -EINVAL;
	}
	cella.console_size = console->size;
	cella.console = console;
	return 0;
}

void console_unmap(void)
{
	if (cella.console)
		memunmap((void *)cella.console);
	cella.console = NULL;
	wake_up_all(&cella.console_gone);
}

/* Bytes taken into the reader's buffer; -ENODEV: there is no log. */
static int take(struct reader *r, size_t len)
{
	u32 tail, n, i;

	mutex_lock(&cella.lock);
	if (!cella.console) {
		mutex_unlock(&cella.lock);
		return -ENODEV;
	}
	tail = smp_load_acquire(&cella.console->tail);
	if (tail - r->head > cella.console_size)
		r->head = tail - cella.console_size;
	n = min3(tail - r->head, (u32)len, (u32)sizeof(r->buf));
	for (i = 0; i < n; i++)
		r->buf[i] = cella.console->content[(r->head + i) & (cella.console_size - 1)];
	r->head += n;
	mutex_unlock(&cella.lock);
	return n;
}

static ssize_t cella_read(struct file *file, char __user *to, size_t len, loff_t *offset)
{
	struct reader *r = file->private_data;
	struct serve *serve = READ_ONCE(r->serve);
	long err = 0;
	int n;

	if (serve)
		return serve_read(serve, file, to, len);
	if (!len)
		return 0;
	len = min_t(size_t, len, sizeof(r->buf));
	if (mutex_lock_interruptible(&r->lock))
		return -ERESTARTSYS;
	while ((n = take(r, len)) == 0) {
		if (file->f_flags & O_NONBLOCK)
			err = -EAGAIN;
		else
			err = wait_event_interruptible_timeout(cella.console_gone, !READ_ONCE(cella.console),
							       msecs_to_jiffies(POLL_MS));
		if (err < 0)
			break;
	}
	if (n > 0)
		err = copy_to_user(to, r->buf, n) ? -EFAULT : n;
	else if (n < 0)
		err = 0;
	mutex_unlock(&r->lock);
	return err;
}

static int cella_open(struct inode *inode, struct file *file)
{
	struct reader *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	file->private_data = r;
	return 0;
}

static int cella_release(struct inode *inode, struct file *file)
{
	struct reader *r = file->private_data;

	if (r->serve)
		serve_release(r->serve);
	kfree(r);
	return 0;
}

const struct file_operations cella_file = {
	.owner = THIS_MODULE,
	.open = cella_open,
	.release = cella_release,
	.read = cella_read,
	.poll = serve_poll,
	.mmap = serve_mmap,
	.unlocked_ioctl = cella_ioctl,
	.llseek = noop_llseek,
};
