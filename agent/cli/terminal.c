/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define PATIENCE_NS (300 * NSEC_PER_SEC)

static int read_char(int fd, int64_t deadline_ns, char *ret_char)
{
	struct pollfd item = {.fd = fd, .events = POLLIN};
	int64_t left_ms = (deadline_ns - clock_mono_ns()) / NSEC_PER_MSEC;
	ssize_t n;
	int r;

	if (left_ms <= 0)
		return -ETIMEDOUT;
	r = poll(&item, 1, (int)left_ms);
	if (r <= 0)
		return r == 0 ? -ETIMEDOUT : -errno;
	n = read(fd, ret_char, 1);
	if (n <= 0)
		return n == 0 ? -ECANCELED : -errno;
	return 0;
}

/* Up to the end of the line. The terminal sends no signals: its echo would stay off after one. */
static int read_line(int fd, char *buf, size_t size)
{
	int64_t deadline_ns = clock_mono_ns() + PATIENCE_NS;
	size_t len = 0;
	char c = '\0';

	for (;;) {
		int r = read_char(fd, deadline_ns, &c);

		if (r == -EINTR)
			continue;
		if (r < 0)
			return r;
		if (c == '\n' || c == '\r')
			break;
		if (c == CTRL('C') || c == CTRL('D'))
			return -ECANCELED;
		if (c == CTRL('U'))
			len = 0;
		else if ((c == '\b' || c == 0x7f) && len > 0)
			len--;
		else if (c != '\b' && c != 0x7f && len + 1 < size)
			buf[len++] = c;
		else if (len + 1 >= size)
			return -E2BIG;
	}
	buf[len] = '\0';
	return 0;
}

int terminal_ask_secret(const char *what, char *buf, size_t size)
{
	cleanup_close int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before, quiet;
	int r;

	if (fd < 0 || tcgetattr(fd, &before) < 0)
		return -ENOTTY;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ICANON | ISIG | IEXTEN);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	/* What was typed before the question is no answer to it. */
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return -errno;
	(void)dprintf(fd, "PIN or pass phrase of %s: ", what);
	r = read_line(fd, buf, size);
	(void)dprintf(fd, "\n");
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	if (r < 0)
		explicit_bzero(buf, size);
	return r;
}
