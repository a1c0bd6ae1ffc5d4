/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports that are open to other machines: listening TCP and unconnected UDP sockets that are not
 * bound to a loopback address, as "tcp/22 sshd". The program is named where /proc/PID/fd can be
 * read.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_SOCKETS   256
#define MAX_PROCESSES 8192
#define MAX_FDS	      4096 /* looked at in one process */

static const struct probe_key keys[] = {{NULL}};

struct socket {
	bool is_udp;
	unsigned port;
	char inode[24];
	char program[32];
};

struct table {
	struct socket sockets[MAX_SOCKETS];
	size_t count;
	bool is_udp;	     /* what is being read */
	bool is_below_heads; /* beyond the line of column heads */
};

/* The kernel prints each 32-bit word of an address in host order. */
static bool is_loopback(const char *address)
{
	if (strlen(address) == 8)
		return str_equal(address + 6, "7F");
	return str_equal(address, "00000000000000000000000001000000") ||
	       (str_starts(address, "0000000000000000FFFF0000") &&
		str_equal(address + strlen(address) - 2, "7F"));
}

/*
 * "0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 ..."
 *
 * The kernel tells of all TCP sockets that listen before any that is connected
 * (Documentation/networking/proc_net_tcp.rst): the first that does not listen is the end. To look
 * for more takes milliseconds: connections are in a hash table that is large and nearly empty.
 */
static int take_line(char *line, void *userdata)
{
	struct table *table = userdata;
	char *fields[10] = {NULL}, *port;
	struct socket *socket;
	uint64_t number;

	if (!table->is_below_heads) {
		table->is_below_heads = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!(fields[i] = text_next_word(&line)))
			return 0;
	port = strchr(fields[1], ':');
	if (!port)
		return 0;
	if (!str_equal(fields[3], table->is_udp ? "07" : "0A"))
		return table->is_udp ? 0 : 1;
	*port++ = '\0';
	if (is_loopback(fields[1]) || str_to_u64(port, 16, &number) < 0)
		return 0;
	if (table->count == MAX_SOCKETS)
		return -E2BIG;
	socket = &table->sockets[table->count++];
	*socket = (struct socket){.is_udp = table->is_udp, .port = (unsigned)number};
	str_copy(socket->inode, sizeof(socket->inode), fields[9]);
	return 0;
}

static int read_table(const struct root *root, const char *path, struct table *table)
{
	table->is_udp = strstr(path, "udp") != NULL;
	table->is_below_heads = false;
	return root_read_lines(root, path, ROOT_KERNEL_PORTION, take_line, table);
}

/* Names the sockets that process @pid holds. A process that ends meanwhile is passed over. */
static void name_sockets(const struct root *root, const char *pid, struct table *table)
{
	cleanup_strbuf struct strbuf comm = STRBUF_INIT;
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	char path[64], link[64];
	unsigned seen = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	fd = root_open_path(root, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while (seen++ < MAX_FDS && (entry = readdir(dir))) {
		ssize_t n = readlinkat(fd, entry->d_name, link, sizeof(link) - 1);

		if (n <= 0)
			continue;
		link[n] = '\0';
		if (!str_starts(link, "socket:["))
			continue;
		link[strcspn(link, "]")] = '\0';
		for (size_t i = 0; i < table->count; i++) {
			if (!str_equal(table->sockets[i].inode, link + strlen("socket:[")))
				continue;
			snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
			strbuf_clear(&comm);
			if (root_read_text(root, path, 4096, &comm) == 0 && comm.data)
				str_copy(table->sockets[i].program,
					 sizeof(table->sockets[i].program),
					 words_squash(comm.data));
		}
	}
}

static void name_all(const struct root *root, struct table *table)
{
	int fd = table->count ? root_open_path(root, "/proc", O_RDONLY | O_DIRECTORY) : -1;
	cleanup_closedir DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	unsigned seen = 0;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && seen < MAX_PROCESSES && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0])) {
			name_sockets(root, entry->d_name, table);
			seen++;
		}
}

static int compare(const void *a, const void *b)
{
	const struct socket *x = a, *y = b;

	if (x->is_udp != y->is_udp)
		return x->is_udp ? 1 : -1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return strcmp(x->program, y->program);
}

/* The same port over IPv4 and IPv6, or shared by workers, is one item. */
static void report(struct table *table, struct probe_value *value)
{
	qsort(table->sockets, table->count, sizeof(table->sockets[0]), compare);
	for (size_t i = 0; i < table->count; i++) {
		const struct socket *socket = &table->sockets[i];
		char item[64];

		if (i && compare(socket, socket - 1) == 0)
			continue;
		snprintf(item, sizeof(item), "%s/%u%s%s", socket->is_udp ? "udp" : "tcp",
			 socket->port, *socket->program ? " " : "", socket->program);
		probe_list_add(value, item);
	}
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	static const char *const paths[] = {"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp",
					    "/proc/net/udp6"};
	cleanup_free struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	if (!root_exists(root, paths[0]) && !root->is_live)
		return probe_not_applicable(value, "no running kernel below this root");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = read_table(root, paths[i], table);

		/* A kernel without IPv6 has no table of it. */
		if (r == -ENOENT && i % 2)
			continue;
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			return probe_unreadable(value, paths[i], r);
	}
	probe_list_add(value, NULL);
	name_all(root, table);
	report(table, value);
	return 0;
}

const struct probe_ops probe_listener = {"listener", keys, PROBE_GIVES_LIST, run};
