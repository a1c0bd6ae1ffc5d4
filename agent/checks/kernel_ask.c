/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/kernel_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/words.h"

#define ANSWER_S     2
#define MAX_DATAGRAM 65536
#define MAX_TRIES    4 /* rules may change while they are read */
/* Of a list that is no rule's own: some thousand elements. */
#define MAX_LIST_BYTES (256 * 1024)
#define MAX_BUILTIN    (1024 * 1024)
#define JIT_HARDEN     "/proc/sys/net/core/bpf_jit_harden"
#define NFT(message)   (NFNL_SUBSYS_NFTABLES << 8 | (message))

/* 1, 0, or negative errno when the file cannot be read. */
static int file_holds(const struct root *root, const char *path, const char *text)
{
	cleanup_strbuf struct strbuf content = STRBUF_INIT;
	int r = root_read_text(root, path, MAX_BUILTIN, &content);

	return r < 0 ? r : content.data && strstr(content.data, text);
}

bool kernel_has_nftables(const struct root *root)
{
	struct utsname system;
	char path[256];

	if (root_exists(root, "/sys/module/nf_tables") || !root_exists(root, "/proc/modules") ||
	    file_holds(root, "/proc/sys/kernel/modules_disabled", "1") == 1 || uname(&system) < 0)
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", system.release);
	return file_holds(root, path, "/nf_tables.ko") != 0;
}

static int open_socket(int protocol)
{
	const struct timeval timeout = {.tv_sec = ANSWER_S};
	cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* A socket to ask for the filter table of legacy iptables; -ENODATA where there is none, since
 * to ask for it would make the kernel load its module. */
static int open_legacy(const struct root *root, int family)
{
	cleanup_strbuf struct strbuf names = STRBUF_INIT;
	uint8_t protocol = family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	int fd;

	if (root_read_text(root, XT_NAMES(protocol), 4096, &names) < 0 || !names.data ||
	    !words_contain(words_squash(names.data), WORDS_SPACE, XT_FILTER_TABLE))
		return -ENODATA;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* The kernel looks at the reader's rights at each read, not only when it is opened. */
static int read_setting(const char *path, char *text, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return 0;
}

void kernel_ask_open(struct kernel_ask *ask)
{
	cleanup_root struct root root = ROOT_INIT;

	*ask = (struct kernel_ask){
		.has_nftables = root_open("/", &root) < 0 || kernel_has_nftables(&root),
	};
	ask->fds[KERNEL_IPTABLES] = open_legacy(&root, AF_INET);
	ask->fds[KERNEL_IP6TABLES] = open_legacy(&root, AF_INET6);
	ask->jit_result = read_setting(JIT_HARDEN, ask->jit_harden, sizeof(ask->jit_harden));
	ask->fds[KERNEL_JIT_HARDEN] = -EBADF;
	ask->fds[KERNEL_NFTABLES] = ask->has_nftables ? open_socket(NETLINK_NETFILTER) : -ENODATA;
	ask->fds[KERNEL_AUDIT_STATUS] = open_socket(NETLINK_AUDIT);
	ask->fds[KERNEL_AUDIT_RULES] = open_socket(NETLINK_AUDIT);
}

void kernel_ask_close(struct kernel_ask *ask)
{
	for (unsigned part = 0; part < KERNEL_PART_COUNT; part++) {
		if (ask->fds[part] >= 0)
			close(ask->fds[part]);
		ask->fds[part] = -EBADF;
	}
}

/* One request and what its answer is made of. */
struct question {
	int fd;
	uint16_t request, answer;
	bool is_dump;
	bool is_nftables;
	uint8_t family;		       /* of nf_tables; 0: all */
	const struct strbuf *narrowed; /* attributes behind the head; NULL: none */
	size_t most;		       /* bytes that are kept; 0: more than that is an error */
	uint32_t sequence;
	bool was_interrupted;
	bool was_cut;
};

static int send_question(const struct question *question)
{
	struct nlmsghdr header = {
		.nlmsg_type = question->request,
		.nlmsg_flags = NLM_F_REQUEST,
		.nlmsg_seq = question->sequence,
	};
	const struct nfgenmsg body = {.nfgen_family = question->family};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	cleanup_strbuf struct strbuf request = STRBUF_INIT;

	/* The audit subsystem sends its whole list without being asked for a dump. */
	if (question->is_dump && question->is_nftables)
		header.nlmsg_flags |= NLM_F_DUMP;
	header.nlmsg_len = sizeof(header);
	if (question->is_nftables)
		header.nlmsg_len += sizeof(body);
	if (question->narrowed)
		header.nlmsg_len += (uint32_t)question->narrowed->len;
	strbuf_add(&request, &header, sizeof(header));
	if (question->is_nftables)
		strbuf_add(&request, &body, sizeof(body));
	if (question->narrowed)
		strbuf_add(&request, question->narrowed->data, question->narrowed->len);
	if (strbuf_check(&request) < 0)
		return -ENOMEM;
	if (sendto(question->fd, request.data, request.len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

static int get_error(const struct nl_message *message)
{
	int32_t error;

	if (message->payload.len < sizeof(error))
		return message->type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, message->payload.data, sizeof(error));
	return error <= 0 && error >= -4095 ? error : -EBADMSG;
}

/* 1 when the answer is whole, 0 when more is to come, or negative errno. */
static int take_datagram(struct question *question, struct nl_bytes rest, struct strbuf *bytes)
{
	for (;;) {
		const uint8_t *start = rest.data;
		struct nl_message message;
		int r = nl_next_message(&rest, &message);

		if (r <= 0)
			return r;
		if (message.sequence != question->sequence)
			continue;
		if (message.flags & NLM_F_DUMP_INTR)
			question->was_interrupted = true;
		if (message.type == NLMSG_ERROR || message.type == NLMSG_DONE) {
			r = get_error(&message);
			return r < 0 ? r : 1;
		}
		if (message.type != question->answer)
			continue;
		if (question->most && bytes->len + (size_t)(rest.data - start) > question->most) {
			/* The kernel sends the rest of it all the same. */
			question->was_cut = true;
			continue;
		}
		if (bytes->len + (size_t)(rest.data - start) > KERNEL_PART_MAX_BYTES)
			return -EFBIG;
		strbuf_add(bytes, start, (size_t)(rest.data - start));
		if (!question->is_dump)
			return 1;
	}
}

static int ask_once(struct kernel_ask *ask, struct question *question, struct strbuf *bytes)
{
	int64_t until_ns = clock_mono_ns() + ANSWER_S * NSEC_PER_SEC;
	cleanup_free uint8_t *datagram = malloc(MAX_DATAGRAM);
	int r;

	if (!datagram)
		return -ENOMEM;
	question->sequence = ++ask->sequence;
	r = send_question(question);
	while (r == 0) {
		struct sockaddr_nl from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(question->fd, datagram, MAX_DATAGRAM, MSG_TRUNC,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > MAX_DATAGRAM)
			return -EMSGSIZE;
		/* Any process may write to the socket; only the kernel has the number 0. */
		if (n > 0 && from.nl_pid == 0)
			r = take_datagram(question, (struct nl_bytes){datagram, (size_t)n}, bytes);
		if (r == 0 && clock_mono_ns() > until_ns)
			return -ETIMEDOUT;
	}
	return r < 0 ? r : strbuf_check(bytes);
}

static int ask_generation(struct kernel_ask *ask, struct strbuf *bytes)
{
	struct question question = {
		.fd = ask->fds[KERNEL_NFTABLES],
		.request = NFT(NFT_MSG_GETGEN),
		.answer = NFT(NFT_MSG_NEWGEN),
		.is_nftables = true,
	};

	return ask_once(ask, &question, bytes);
}

/* The payloads of two answers, which differ in their sequence numbers. */
static bool is_same_generation(const struct strbuf *a, const struct strbuf *b)
{
	return a->len == b->len && a->len > sizeof(struct nlmsghdr) &&
	       memcmp(a->data + sizeof(struct nlmsghdr), b->data + sizeof(struct nlmsghdr),
		      a->len - sizeof(struct nlmsghdr)) == 0;
}

static void put_text(struct strbuf *out, uint16_t type, const char *text)
{
	struct nlattr head = {.nla_len = (uint16_t)(sizeof(head) + strlen(text) + 1),
			      .nla_type = type};

	strbuf_add(out, &head, sizeof(head));
	strbuf_add(out, text, strlen(text) + 1);
	while (out->len % NLA_ALIGNTO)
		strbuf_add_char(out, '\0');
}

/* The elements of one set. Of a list of its own, which may be as long as one likes, only where they
 * are few: without them it is not known what is in it. */
static int ask_elements(struct kernel_ask *ask, const struct nl_message *set, struct strbuf *bytes)
{
	cleanup_strbuf struct strbuf narrowed = STRBUF_INIT;
	struct question question = {
		.fd = ask->fds[KERNEL_NFTABLES],
		.request = NFT(NFT_MSG_GETSETELEM),
		.answer = NFT(NFT_MSG_NEWSETELEM),
		.is_dump = true,
		.is_nftables = true,
		.narrowed = &narrowed,
	};
	struct nl_bytes rest = set->payload;
	struct nl_attribute table, name, flags;
	const uint8_t *head = nl_take(&rest, sizeof(struct nfgenmsg));
	cleanup_strbuf struct strbuf elements = STRBUF_INIT;
	uint32_t bits = 0;
	int r;

	if (!head || nl_find_attribute(rest, NFTA_SET_TABLE, &table) < 0 ||
	    nl_find_attribute(rest, NFTA_SET_NAME, &name) < 0 || !nl_text(&table) ||
	    !nl_text(&name))
		return -EBADMSG;
	if (nl_find_attribute(rest, NFTA_SET_FLAGS, &flags) == 0)
		(void)nl_be32(&flags, &bits);
	question.family = head[offsetof(struct nfgenmsg, nfgen_family)];
	put_text(&narrowed, NFTA_SET_ELEM_LIST_TABLE, nl_text(&table));
	put_text(&narrowed, NFTA_SET_ELEM_LIST_SET, nl_text(&name));
	if (strbuf_check(&narrowed) < 0)
		return -ENOMEM;
	if (bits & NFT_SET_ANONYMOUS)
		return ask_once(ask, &question, bytes);
	question.most = MAX_LIST_BYTES;
	r = ask_once(ask, &question, &elements);
	if (r == 0 && !question.was_cut && bytes->len + elements.len <= KERNEL_PART_MAX_BYTES / 2)
		strbuf_add(bytes, elements.data, elements.len);
	return r;
}

/* Sets, and what those hold that stand within rules. */
static int ask_sets(struct kernel_ask *ask, struct strbuf *bytes)
{
	cleanup_strbuf struct strbuf sets = STRBUF_INIT;
	struct question question = {
		.fd = ask->fds[KERNEL_NFTABLES],
		.request = NFT(NFT_MSG_GETSET),
		.answer = NFT(NFT_MSG_NEWSET),
		.is_dump = true,
		.is_nftables = true,
	};
	struct nl_message message;
	struct nl_bytes rest;
	int r = ask_once(ask, &question, &sets);

	if (r < 0)
		return r;
	if (question.was_interrupted)
		return -EINTR;
	if (bytes->len + sets.len > KERNEL_PART_MAX_BYTES)
		return -EFBIG;
	strbuf_add(bytes, sets.data, sets.len);
	rest = (struct nl_bytes){(const uint8_t *)sets.data, sets.len};
	while ((r = nl_next_message(&rest, &message)) > 0) {
		r = ask_elements(ask, &message, bytes);
		/* A set that is gone by now: the generation tells. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return r < 0 ? r : strbuf_check(bytes);
}

static int ask_rules_once(struct kernel_ask *ask, struct strbuf *bytes, bool *ret_is_torn)
{
	static const uint16_t kinds[][2] = {
		{NFT(NFT_MSG_GETTABLE), NFT(NFT_MSG_NEWTABLE)},
		{NFT(NFT_MSG_GETCHAIN), NFT(NFT_MSG_NEWCHAIN)},
		{NFT(NFT_MSG_GETRULE), NFT(NFT_MSG_NEWRULE)},
	};
	cleanup_strbuf struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
	int r = ask_generation(ask, &before);

	*ret_is_torn = false;
	/* How a kernel without nf_tables answers. */
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++) {
		struct question question = {
			.fd = ask->fds[KERNEL_NFTABLES],
			.request = kinds[i][0],
			.answer = kinds[i][1],
			.is_dump = true,
			.is_nftables = true,
		};

		r = ask_once(ask, &question, bytes);
		if (question.was_interrupted)
			*ret_is_torn = true;
	}
	if (r == 0)
		r = ask_sets(ask, bytes);
	if (r == 0)
		r = ask_generation(ask, &after);
	if (r == 0 && !is_same_generation(&before, &after))
		*ret_is_torn = true;
	return r;
}

static int ask_rules(struct kernel_ask *ask, struct strbuf *bytes)
{
	for (unsigned i = 0; i < MAX_TRIES; i++) {
		bool is_torn;
		int r;

		strbuf_clear(bytes);
		r = ask_rules_once(ask, bytes, &is_torn);
		if (r != -EINTR && (r < 0 || !is_torn))
			return r;
	}
	return -EINTR;
}

/* The entries of a table, which may change between the question for its size and that for them. */
static int ask_legacy_once(int fd, enum kernel_part part, struct strbuf *bytes)
{
	bool is_ipv6 = part == KERNEL_IP6TABLES;
	int level = is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct ipt_getinfo info = {.name = XT_FILTER_TABLE};
	size_t head = is_ipv6 ? offsetof(struct ip6t_get_entries, entrytable)
			      : offsetof(struct ipt_get_entries, entrytable);
	cleanup_free uint8_t *answer = NULL;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, level, is_ipv6 ? IP6T_SO_GET_INFO : IPT_SO_GET_INFO, &info, &len) < 0)
		return -errno;
	if (info.size > KERNEL_PART_MAX_BYTES - sizeof(info))
		return -EFBIG;
	len = (socklen_t)(head + info.size);
	answer = calloc(1, len);
	if (!answer)
		return -ENOMEM;
	memcpy(answer, info.name, sizeof(info.name));
	memcpy(answer + offsetof(struct ipt_get_entries, size), &info.size, sizeof(info.size));
	if (getsockopt(fd, level, is_ipv6 ? IP6T_SO_GET_ENTRIES : IPT_SO_GET_ENTRIES, answer,
		       &len) < 0)
		return -errno;
	strbuf_add(bytes, &info, sizeof(info));
	strbuf_add(bytes, answer + head, info.size);
	return strbuf_check(bytes);
}

static int ask_legacy(int fd, enum kernel_part part, struct strbuf *bytes)
{
	int r = -EAGAIN;

	for (unsigned i = 0; i < MAX_TRIES && r == -EAGAIN; i++)
		r = ask_legacy_once(fd, part, bytes);
	return r == -EAGAIN ? -EINTR : r;
}

int kernel_ask_part(struct kernel_ask *ask, enum kernel_part part, struct strbuf *bytes)
{
	struct question question = {.fd = ask->fds[part]};

	if (part == KERNEL_NFTABLES && !ask->has_nftables)
		return 0;
	if (part == KERNEL_JIT_HARDEN) {
		strbuf_add_str(bytes, ask->jit_result < 0 ? "" : ask->jit_harden);
		return ask->jit_result < 0 ? ask->jit_result : strbuf_check(bytes);
	}
	if (ask->fds[part] < 0)
		return ask->fds[part] == -EPROTONOSUPPORT ||
				       ((part == KERNEL_IPTABLES || part == KERNEL_IP6TABLES) &&
					ask->fds[part] == -ENODATA)
			       ? 0
			       : ask->fds[part];
	switch (part) {
	case KERNEL_NFTABLES:
		return ask_rules(ask, bytes);
	case KERNEL_IPTABLES:
	case KERNEL_IP6TABLES:
		return ask_legacy(ask->fds[part], part, bytes);
	case KERNEL_AUDIT_STATUS:
		question.request = question.answer = AUDIT_GET;
		return ask_once(ask, &question, bytes);
	case KERNEL_AUDIT_RULES:
		question.request = question.answer = AUDIT_LIST_RULES;
		question.is_dump = true;
		return ask_once(ask, &question, bytes);
	case KERNEL_JIT_HARDEN:
	case KERNEL_PART_COUNT:
		break;
	}
	return -EINVAL;
}

void kernel_ask_all(unsigned wanted, struct kernel_dump *dump)
{
	struct kernel_ask ask;

	kernel_dump_init(dump);
	if (!wanted)
		return;
	kernel_ask_open(&ask);
	for (unsigned part = 0; part < KERNEL_PART_COUNT; part++)
		if (wanted & (1u << part))
			dump->parts[part].result =
				kernel_ask_part(&ask, part, &dump->parts[part].bytes);
	kernel_ask_close(&ask);
}
