/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of checks/root.h: nothing leads out of a root, nothing waits. Each by openat2 and by the
 * walk. */
#include "checks_tree.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/str.h"
#include "checks/inventory.h"
#include "checks/root.h"

static char *folder;
static char tree[256];
static struct root root;

static void setup(void)
{
	folder = unit_folder_new();
	snprintf(tree, sizeof(tree), "%s/root", folder);
	unit_write(folder, "outside", "secret");
	make_names(tree);
	ck_assert_int_eq(root_open(tree, &root), 0);
}

static void teardown(void)
{
	root_done(&root);
	unit_folder_free(folder);
}

static void put(const char *path, const char *content)
{
	const struct node node = {path, content};

	make_node(tree, &node);
}

/* Both ways must say the same; returns what they say. */
static int read_both(const char *path, struct strbuf *sb)
{
	int r[2];

	for (int i = 0; i < 2; i++) {
		strbuf_clear(sb);
		root.use_openat2 = i == 0;
		alarm(10);
		r[i] = root_read_text(&root, path, 1024, sb);
		alarm(0);
	}
	ck_assert_msg(r[0] == r[1], "%s: %d by openat2, %d by the walk", path, r[0], r[1]);
	return r[0];
}

static const struct {
	const char *target; /* of /a/link; "" is taken for the file outside */
	int r;
} links[] = {
	{"../in", 0},
	{"/in", 0},
	{"../../../../../in", 0}, /* more ".." than there are folders stay at the root */
	{"./.././/a/../in", 0},
	{"two", 0},
	{"../in/", -ENOTDIR},
	{"nowhere", -ENOENT},
	{"link", -ELOOP},
	{"../folder", -EINVAL},
	{"/proc/self/root/in", -ENOENT},
	{"../../outside", -ENOENT},
	{"", -ENOENT},
};

START_TEST(links_stay_inside)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	char target[512];

	put("/in", "inside");
	put("/folder/", NULL);
	put("/a/two", "-> three");
	put("/a/three", "-> ../b/four");
	put("/b/four", "-> ../in");
	snprintf(target, sizeof(target), "-> %s%s", *links[_i].target ? "" : folder,
		 *links[_i].target ? links[_i].target : "/outside");
	put("/a/link", target);
	ck_assert_int_eq(read_both("/a/link", &sb), links[_i].r);
	if (links[_i].r == 0)
		ck_assert_str_eq(sb.data, "inside");
}
END_TEST

START_TEST(linked_folders_stay_inside)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	char target[512];

	snprintf(target, sizeof(target), "-> %s", folder);
	put("/etc/ssh", target);
	put("/up", "-> ../../..");
	put("/in", "inside");
	ck_assert_int_eq(read_both("/etc/ssh/outside", &sb), -ENOENT);
	ck_assert_int_eq(read_both("/up/outside", &sb), -ENOENT);
	ck_assert_int_eq(read_both("/up/in", &sb), 0);
	ck_assert_int_eq(read_both("/../outside", &sb), -ENOENT);
	ck_assert_int_eq(read_both("/etc/../in", &sb), 0);
}
END_TEST

START_TEST(refuses_what_is_no_plain_text_file)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	put("/fifo", "|fifo");
	put("/junk", "%100");
	put("/large", "%1025");
	put("/folder/", NULL);
	put("/null", "-> /dev/null");
	ck_assert_int_eq(read_both("/fifo", &sb), -EINVAL);
	ck_assert_int_eq(read_both("/junk", &sb), -EBADMSG);
	ck_assert_int_eq(read_both("/large", &sb), -EFBIG);
	ck_assert_int_eq(read_both("/folder", &sb), -EINVAL);
	ck_assert_int_eq(read_both("/null", &sb), -ENOENT); /* there is no /dev in there */
	ck_assert_int_eq(read_both("/etc/passwd", &sb), 0);
	ck_assert_int_eq(read_both("/etc/passwd/x", &sb), -ENOTDIR);
}
END_TEST

START_TEST(what_cannot_be_looked_at_is_there)
{
	put("/loop", "-> loop");
	put("/nowhere", "-> none");
	put("/file", "x");
	for (int i = 0; i < 2; i++) {
		root.use_openat2 = i == 0;
		ck_assert(root_exists(&root, "/loop"));
		ck_assert(root_exists(&root, "/loop/x"));
		ck_assert(root_exists(&root, "/file"));
		ck_assert(!root_exists(&root, "/nowhere"));
		ck_assert(!root_exists(&root, "/none"));
		ck_assert(!root_exists(&root, "/file/x"));
	}
}
END_TEST

START_TEST(forty_links_and_no_more)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	char name[32], target[32];

	put("/0", "inside");
	for (int i = 1; i <= 45; i++) {
		snprintf(name, sizeof(name), "/%d", i);
		snprintf(target, sizeof(target), "-> %d", i - 1);
		put(name, target);
	}
	ck_assert_int_eq(read_both("/40", &sb), 0);
	ck_assert_int_eq(read_both("/45", &sb), -ELOOP);
}
END_TEST

START_TEST(read_link_does_not_follow)
{
	char text[64], small[4];

	put("/link", "-> /dev/null");
	put("/file", "x");
	for (int i = 0; i < 2; i++) {
		root.use_openat2 = i == 0;
		ck_assert_int_eq(root_read_link(&root, "/link", text, sizeof(text)), 0);
		ck_assert_str_eq(text, "/dev/null");
		ck_assert_int_eq(root_read_link(&root, "/link", small, sizeof(small)),
				 -ENAMETOOLONG);
		ck_assert_int_eq(root_read_link(&root, "/file", text, sizeof(text)), -EINVAL);
		ck_assert_int_eq(root_read_link(&root, "/none", text, sizeof(text)), -ENOENT);
	}
}
END_TEST

static int collect(const char *path, void *userdata)
{
	strbuf_printf(userdata, "%s ", path);
	return 0;
}

static int refuse(const char *path, void *userdata)
{
	return -ECANCELED;
}

static void expect_read(const char *path, size_t max, const char *text)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	ck_assert_int_eq(root_read_text(&root, path, max, &sb), 0);
	ck_assert_str_eq(sb.data ? sb.data : "", text);
}

static void expect_names(const char *pattern, const char *paths)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	ck_assert_int_eq(root_glob(&root, pattern, collect, &sb), 0);
	ck_assert_str_eq(sb.data ? sb.data : "", paths);
}

START_TEST(what_was_read_is_kept_until_it_is_forgotten)
{
	cleanup_with(kept_done) struct kept kept = {0};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	root.kept = &kept;
	put("/d/b", "first");
	put("/d/a", "");
	expect_read("/d/b", 64, "first");
	expect_read("/d/a", 64, "");
	expect_names("/d/*", "/d/a /d/b ");
	put("/d/b", "second");
	put("/d/a", "text");
	put("/d/c", "third");
	expect_read("/d/b", 64, "first");
	expect_read("/d/a", 64, "");
	expect_read("/d/c", 64, "third");
	expect_names("/d/*", "/d/a /d/b ");
	expect_names("/d/[b-z]", "/d/b ");
	/* Who takes less is told so by what is kept too. */
	ck_assert_int_eq(root_read_text(&root, "/d/b", 4, &sb), -EFBIG);
	ck_assert_uint_eq(sb.len, 0);
	kept_done(&kept);
	expect_read("/d/b", 64, "second");
	expect_read("/d/a", 64, "text");
	expect_names("/d/*", "/d/a /d/b /d/c ");
	root.kept = NULL;
}
END_TEST

START_TEST(what_is_kept_is_bounded)
{
	cleanup_with(kept_done) struct kept kept = {0};
	char path[64];

	root.kept = &kept;
	for (int i = 0; i < 20; i++) {
		cleanup_strbuf struct strbuf sb = STRBUF_INIT;

		snprintf(path, sizeof(path), "/large/%d", i);
		put(path, "%100000");
		ck_assert_int_eq(root_read_bytes(&root, path, 100000, &sb), 0);
		ck_assert_uint_eq(sb.len, 100000);
	}
	/* Also of what is empty, and there in great number. */
	for (int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		kept_add(&kept, &(struct kept_item){.path = path, .real = "", .data = ""});
	}
	ck_assert_uint_le(kept.bytes, KEPT_MAX_BYTES);
	ck_assert_ptr_nonnull(kept_find(&kept, KEPT_BYTES, "/large/0"));
	ck_assert_ptr_null(kept_find(&kept, KEPT_BYTES, "/large/19"));
	ck_assert_ptr_null(kept_find(&kept, KEPT_BYTES, "/19999"));
	root.kept = NULL;
}
END_TEST

static int add_line(char *line, void *userdata)
{
	strbuf_printf(userdata, "%s|", line);
	return str_equal(line, "end") ? 1 : str_equal(line, "bad") ? -ECANCELED : 0;
}

static const struct {
	const char *content, *told;
	int r;
} lined[] = {
	{"", "", 0},
	{"one", "one|", 0},
	{"one\n\n two \nthree, which is longer than a portion\n\n\nfour",
	 "one||two|three, which is longer than a portion|||four|", 0},
	{"\n\n", "||", 0},
	{"one\nend\ntwo\n", "one|end|", 1},
	{"one\nend", "one|end|", 1},
	{"bad\ntwo\n", "bad|", -ECANCELED},
};

START_TEST(lines_are_told_whole_whatever_the_portion)
{
	for (size_t portion = 1; portion <= ROOT_MAX_PORTION; portion *= 2) {
		cleanup_strbuf struct strbuf told = STRBUF_INIT;

		put("/lines", lined[_i].content);
		strbuf_add_str(&told, "");
		ck_assert_int_eq(root_read_lines(&root, "/lines", portion, add_line, &told),
				 lined[_i].r);
		ck_assert_str_eq(told.data, lined[_i].told);
	}
}
END_TEST

START_TEST(lines_are_of_plain_text_files)
{
	cleanup_strbuf struct strbuf told = STRBUF_INIT;

	put("/fifo", "|fifo");
	put("/junk", "%100");
	put("/large", "%33554433");
	ck_assert_int_eq(root_read_lines(&root, "/fifo", 64, add_line, &told), -EINVAL);
	ck_assert_int_eq(root_read_lines(&root, "/junk", 64, add_line, &told), -EBADMSG);
	ck_assert_int_eq(root_read_lines(&root, "/large", 64, add_line, &told), -EFBIG);
	ck_assert_int_eq(root_read_lines(&root, "/none", 64, add_line, &told), -ENOENT);
	ck_assert_uint_eq(told.len, 0);
}
END_TEST

/* So many that the kernel's table of them is many pages. */
#define PORTS 200

static int listen_somewhere(in_port_t *ret_port)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(here);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, size), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &size), 0);
	*ret_port = ntohs(here.sin_port);
	return fd;
}

struct ports {
	in_port_t list[PORTS];
	bool found[PORTS];
	bool is_connected; /* a connection was told */
};

static int find_port(char *line, void *userdata)
{
	struct ports *ports = userdata;
	unsigned port, state;

	if (sscanf(line, "%*[0-9]: %*8[0-9A-F]:%x %*8[0-9A-F]:%*x %x", &port, &state) != 2)
		return 0;
	ports->is_connected |= state != TCP_LISTEN;
	for (int i = 0; i < PORTS && state == TCP_LISTEN; i++)
		if (ports->list[i] == port) {
			ck_assert_msg(!ports->is_connected, "a listener behind a connection");
			ports->found[i] = true;
		}
	return 0;
}

/* What root.h says of tables that the kernel makes, and probe_listener.c of this one, on the kernel
 * at hand. */
START_TEST(a_table_of_the_kernel_is_told_whole)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	cleanup_root struct root live = ROOT_INIT;
	int fds[PORTS], client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ports ports = {0};

	for (int i = 0; i < PORTS; i++)
		fds[i] = listen_somewhere(&ports.list[i]);
	peer.sin_port = htons(ports.list[0]);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&peer, sizeof(peer)), 0);
	ck_assert_int_eq(root_open("/", &live), 0);
	ck_assert_int_eq(
		root_read_lines(&live, "/proc/net/tcp", ROOT_KERNEL_PORTION, find_port, &ports), 0);
	ck_assert(ports.is_connected);
	for (int i = 0; i < PORTS; i++) {
		ck_assert_msg(ports.found[i], "port %u is not told", ports.list[i]);
		close(fds[i]);
	}
	close(client);
}
END_TEST

/* Where stat() says a page, whatever is in the file: a bound below a page is one of what is read.
 */
START_TEST(a_small_file_of_sysfs_is_read)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_root struct root live = ROOT_INIT;
	const char *path = "/sys/class/net/lo/operstate";

	ck_assert_int_eq(root_open("/", &live), 0);
	if (!root_exists(&live, path))
		return;
	ck_assert_int_eq(root_read_text(&live, path, 64, &text), 0);
	ck_assert_uint_gt(text.len, 2);
	ck_assert_int_eq(root_read_text(&live, path, 2, &text), -EFBIG);
}
END_TEST

START_TEST(glob_orders_and_matches_in_any_component)
{
	put("/etc/x.d/b.conf", "");
	put("/etc/x.d/a.conf", "");
	put("/etc/x.d/.hidden.conf", "");
	put("/etc/x.d/c.txt", "");
	put("/etc/y.d/a.conf", "");
	put("/etc/z.d", "not a folder");
	for (int i = 0; i < 2; i++) {
		cleanup_strbuf struct strbuf sb = STRBUF_INIT;

		root.use_openat2 = i == 0;
		ck_assert_int_eq(root_glob(&root, "/etc/?.d/*.conf", collect, &sb), 0);
		ck_assert_str_eq(sb.data, "/etc/x.d/a.conf /etc/x.d/b.conf /etc/y.d/a.conf ");
		strbuf_clear(&sb);
		ck_assert_int_eq(root_glob(&root, "/etc/x.d/c.txt", collect, &sb), 0);
		ck_assert_int_eq(root_glob(&root, "/etc/none/*", collect, &sb), 0);
		ck_assert_int_eq(root_glob(&root, "/etc/none", collect, &sb), 0);
		ck_assert_str_eq(sb.data, "/etc/x.d/c.txt ");
		ck_assert_int_eq(root_glob(&root, "/etc/*", refuse, NULL), -ECANCELED);
	}
}
END_TEST

START_TEST(knows_the_running_system)
{
	struct root live = ROOT_INIT;

	ck_assert(!root.is_live);
	ck_assert_int_eq(root_open("/", &live), 0);
	ck_assert(live.is_live);
	/* /proc/self is a link of the kernel, but no magic one. */
	ck_assert(root_exists(&live, "/proc/self/mountinfo"));
	live.use_openat2 = false;
	ck_assert(root_exists(&live, "/proc/self/mountinfo"));
	root_done(&live);
	ck_assert_int_eq(root_open("/nonexistent", &live), -ENOENT);
}
END_TEST

static void put_file(const char *below, const char *name, mode_t mode)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", below, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

START_TEST(a_walk_in_steps_finds_what_one_in_one_go_finds)
{
	cleanup_with(inventory_done) struct inventory whole = {0}, stepped = {0};
	cleanup_root struct root walked = ROOT_INIT;
	struct inventory_walk *walk = NULL;
	char *made = unit_folder_new();
	char path[512];
	unsigned steps = 0;

	snprintf(path, sizeof(path), "%s/etc", made);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put_file(made, "etc/passwd", 0644);
	put_file(made, "etc/group", 0644);
	put_file(made, "tool", 04755);
	put_file(made, "etc/open", 0666);
	ck_assert_int_eq(root_open(made, &walked), 0);
	inventory_walk(&walked, &whole);
	ck_assert_int_eq(inventory_begin(&walked, &walk), 0);
	while (inventory_step(walk, 1))
		steps++;
	walk = inventory_end(walk, &stepped);
	ck_assert_ptr_null(walk);
	ck_assert_int_eq(whole.result, 0);
	ck_assert_int_eq(stepped.result, 0);
	ck_assert_int_gt(stepped.time_ns, 0);
	ck_assert_uint_gt(steps, 4);
	ck_assert_uint_eq(stepped.entries, 5);
	ck_assert_uint_eq(whole.entries, 5);
	ck_assert_str_eq(stepped.facts[WALK_SETUID].paths.data, "/tool");
	ck_assert_str_eq(whole.facts[WALK_SETUID].paths.data, "/tool");
	ck_assert_str_eq(stepped.facts[WALK_WRITABLE_FILE].paths.data, "/etc/open");
	unit_folder_free(made);
}
END_TEST

/* A small root and what a walk over it found. */
static void walk_small_root(char **ret_made, struct root *ret_root, struct inventory *ret_inventory)
{
	char path[512];

	*ret_made = unit_folder_new();
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", *ret_made, i ? "etc" : "run");
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	unit_write(*ret_made, "etc/passwd", "root:x:0:0::/:\n");
	unit_write(*ret_made, "etc/group", "root:x:0:\n");
	put_file(*ret_made, "tool", 04755);
	ck_assert_int_eq(root_open(*ret_made, ret_root), 0);
	inventory_walk(ret_root, ret_inventory);
	ck_assert_int_eq(ret_inventory->result, 0);
}

static const char *first_of(const struct inventory *inventory, enum walk_fact fact)
{
	const struct strbuf *paths = &inventory->facts[fact].paths;

	return paths->len ? paths->data : "";
}

START_TEST(what_changed_is_looked_at_without_a_walk)
{
	cleanup_with(inventory_done) struct inventory inventory = {0};
	cleanup_root struct root small = ROOT_INIT;
	char *made, path[512], other[512];

	walk_small_root(&made, &small, &inventory);
	/* Nothing happened. */
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/tool", INVENTORY_AT), 0);
	put_file(made, "etc/open", 0666);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/etc/open", INVENTORY_LISTED),
			 0);
	ck_assert_uint_eq(inventory.facts[WALK_WRITABLE_FILE].count, 0);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/etc/open", INVENTORY_AT), 1);
	ck_assert_str_eq(first_of(&inventory, WALK_WRITABLE_FILE), "/etc/open");
	/* What no walk would come to. */
	put_file(made, "run/open", 0666);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/run/open", INVENTORY_AT), 0);
	/* Mended, and gone. */
	snprintf(path, sizeof(path), "%s/tool", made);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/tool", INVENTORY_LISTED), 1);
	ck_assert_uint_eq(inventory.facts[WALK_SETUID].count, 0);
	ck_assert_str_eq(first_of(&inventory, WALK_WRITABLE_FILE), "/etc/open");
	snprintf(path, sizeof(path), "%s/etc", made);
	snprintf(other, sizeof(other), "%s/etc2", made);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	unit_write(made, "etc/passwd", "root:x:0:0::/:\n");
	unit_write(made, "etc/group", "root:x:0:\n");
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/etc", INVENTORY_LISTED_BELOW),
			 1);
	ck_assert_uint_eq(inventory.facts[WALK_WRITABLE_FILE].count, 0);
	/* A folder that came with what is in it. */
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/etc2", INVENTORY_AT), 0);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/etc2", INVENTORY_BELOW), 1);
	ck_assert_str_eq(first_of(&inventory, WALK_WRITABLE_FILE), "/etc2/open");
	ck_assert_uint_eq(inventory.facts[WALK_WRITABLE_FILE].count, 1);
	unit_folder_free(made);
}
END_TEST

START_TEST(what_is_too_deep_stays_so_until_it_is_gone)
{
	enum {
		PARTS = 100
	};
	cleanup_with(inventory_done) struct inventory inventory = {0}, before = {0};
	cleanup_root struct root small = ROOT_INIT;
	char *made, path[4096], deep[512], aside[512];
	size_t len;

	walk_small_root(&made, &small, &before);
	ck_assert_uint_eq(before.facts[WALK_TOO_DEEP].count, 0);
	len = (size_t)snprintf(path, sizeof(path), "%s", made);
	for (int i = 0; i < PARTS; i++) {
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/d");
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	inventory_walk(&small, &inventory);
	ck_assert_int_eq(inventory.result, 0);
	ck_assert_str_eq(first_of(&inventory, WALK_SETUID), "/tool");
	ck_assert_uint_eq(inventory.facts[WALK_TOO_DEEP].count, 1);
	ck_assert(str_copy(deep, sizeof(deep), first_of(&inventory, WALK_TOO_DEEP)));
	/* By a look at it alone, and by one at all that is listed. */
	ck_assert_int_eq(inventory_look_again(&inventory, &small, deep, INVENTORY_LISTED), 0);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, deep, INVENTORY_BELOW), 0);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/", INVENTORY_LISTED_BELOW), 0);
	ck_assert_str_eq(first_of(&inventory, WALK_TOO_DEEP), deep);

	snprintf(path, sizeof(path), "%s/d", made);
	snprintf(aside, sizeof(aside), "%s/run/d", made);
	ck_assert_int_eq(rename(path, aside), 0);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/d", INVENTORY_LISTED_BELOW), 1);
	ck_assert_uint_eq(inventory.facts[WALK_TOO_DEEP].count, 0);
	unit_folder_free(made);
}
END_TEST

/* One that is counted only, since the list was full, stays so. Long paths fill it soon. */
START_TEST(a_full_list_stays_what_it_is)
{
	enum {
		FOLDER = 250,
		FOLDERS = 8,
		FILES = 150
	};
	cleanup_with(inventory_done) struct inventory inventory = {0}, before = {0};
	cleanup_root struct root small = ROOT_INIT;
	char *made, path[4096], tool[512];
	size_t len;

	walk_small_root(&made, &small, &before);
	snprintf(tool, sizeof(tool), "%s/tool", made);
	len = (size_t)snprintf(path, sizeof(path), "%s", made);
	for (int i = 0; i < FOLDERS; i++) {
		path[len] = '/';
		memset(path + len + 1, 'd', FOLDER);
		len += 1 + FOLDER;
		path[len] = '\0';
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	for (int i = 0; i < FILES; i++) {
		snprintf(path + len, sizeof(path) - len, "/%03d", i);
		ck_assert_int_eq(link(tool, path), 0);
	}
	inventory_walk(&small, &inventory);
	ck_assert_uint_eq(inventory.facts[WALK_SETUID].count, FILES + 1);
	ck_assert_uint_lt(inventory.facts[WALK_SETUID].paths.len, INVENTORY_MAX_BYTES);
	ck_assert_int_eq(inventory_look_again(&inventory, &small, "/", INVENTORY_LISTED_BELOW), 0);
	ck_assert_uint_eq(inventory.facts[WALK_SETUID].count, FILES + 1);
	unit_folder_free(made);
}
END_TEST

START_TEST(a_walk_can_be_given_up)
{
	cleanup_root struct root walked = ROOT_INIT;
	struct inventory_walk *walk = NULL;

	ck_assert_int_eq(root_open("/", &walked), 0);
	ck_assert_int_eq(inventory_begin(&walked, &walk), 0);
	ck_assert(inventory_step(walk, 100));
	ck_assert_ptr_null(inventory_walk_free(walk));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_walk_in_steps_finds_what_one_in_one_go_finds);
	tcase_add_test(tcase, a_walk_can_be_given_up);
	tcase_add_test(tcase, what_changed_is_looked_at_without_a_walk);
	tcase_add_test(tcase, a_full_list_stays_what_it_is);
	tcase_add_test(tcase, what_is_too_deep_stays_so_until_it_is_gone);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, links_stay_inside, 0, (int)ARRAY_SIZE(links));
	tcase_add_test(tcase, linked_folders_stay_inside);
	tcase_add_test(tcase, refuses_what_is_no_plain_text_file);
	tcase_add_test(tcase, what_cannot_be_looked_at_is_there);
	tcase_add_test(tcase, forty_links_and_no_more);
	tcase_add_test(tcase, read_link_does_not_follow);
	tcase_add_loop_test(tcase, lines_are_told_whole_whatever_the_portion, 0,
			    (int)ARRAY_SIZE(lined));
	tcase_add_test(tcase, lines_are_of_plain_text_files);
	tcase_add_test(tcase, what_was_read_is_kept_until_it_is_forgotten);
	tcase_add_test(tcase, what_is_kept_is_bounded);
	tcase_add_test(tcase, a_table_of_the_kernel_is_told_whole);
	tcase_add_test(tcase, a_small_file_of_sysfs_is_read);
	tcase_add_test(tcase, glob_orders_and_matches_in_any_component);
	tcase_add_test(tcase, knows_the_running_system);
}

UNIT_MAIN("checks_root")
