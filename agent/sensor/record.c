/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/record.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Bytes of the fixed part by type; those with text have EV_FIXED. */
static size_t fixed_size(uint16_t type)
{
	switch (type) {
	case EV_EXEC:
	case EV_TASK:
	case EV_OPEN:
	case EV_PATH:
	case EV_LOAD:
	case EV_MOUNT:
	case EV_CLOCK:
		return EV_FIXED;
	case EV_FORK:
	case EV_EXIT:
		return sizeof(struct ev_hdr);
	default:
		return 0;
	}
}

static int check_text(const struct record *record, const struct ev_text *text)
{
	if (text->length == 0)
		return 0;
	if (text->offset > record->text_len || text->length > record->text_len - text->offset)
		return -EBADMSG;
	/* Each string ends within its part, so no reader can run into the next. */
	if (record->text[text->offset + text->length - 1] != '\0' && !(text->flags & EV_TEXT_CUT))
		return -EBADMSG;
	return 0;
}

static int check_judgement(const struct ev_judgement *judged)
{
	return judged->verdict < EV_VERDICT_COUNT && judged->hook < EV_HOOK_COUNT ? 0 : -EBADMSG;
}

static int check_texts(const struct record *record)
{
	int r = 0;

	switch (record->hdr.type) {
	case EV_EXEC:
	case EV_TASK:
		r |= check_judgement(&record->exec.judged);
		r |= check_text(record, &record->exec.exe);
		r |= check_text(record, &record->exec.cwd);
		r |= check_text(record, &record->exec.filename);
		r |= check_text(record, &record->exec.cgroup);
		/* Not completed: see start_texts.h. */
		if (record->exec.flags & EV_EXEC_NAMES_TEXT)
			r = -EBADMSG;
		break;
	case EV_OPEN:
		r |= check_text(record, &record->open.path);
		break;
	case EV_PATH:
		r |= check_text(record, &record->path.path);
		r |= check_text(record, &record->path.cwd);
		break;
	case EV_LOAD:
		r |= check_text(record, &record->load.path);
		r |= check_judgement(&record->load.judged);
		if (record->load.how == EV_LOAD_NONE || record->load.how >= EV_LOAD_HOW_COUNT)
			r = -EBADMSG;
		break;
	case EV_CLOCK:
		if (record->clock.set_ns > INT64_MAX || record->hdr.ktime > INT64_MAX)
			r = -EBADMSG;
		break;
	case EV_MOUNT:
		r |= check_text(record, &record->mount.path);
		r |= check_text(record, &record->mount.base);
		r |= check_text(record, &record->mount.source);
		r |= check_text(record, &record->mount.type);
		if (record->mount.how == EV_MOUNT_NONE || record->mount.how >= EV_MOUNT_HOW_COUNT)
			r = -EBADMSG;
		break;
	default:
		break;
	}
	return r ? -EBADMSG : 0;
}

bool record_knows_form(unsigned abi)
{
	return abi >= EV_ABI_ALIKE && abi <= EV_ABI;
}

int record_decode(const void *data, size_t len, struct record *ret_record)
{
	struct record record = {0};
	size_t fixed;
	int r;

	if (len < sizeof(record.hdr))
		return -EBADMSG;
	memcpy(&record.hdr, data, sizeof(record.hdr));
	fixed = fixed_size(record.hdr.type);
	if (!record_knows_form(record.hdr.abi) || fixed == 0 || record.hdr.size < fixed ||
	    record.hdr.size > len || record.hdr.size > fixed + EV_TAIL_MAX)
		return -EBADMSG;
	memcpy(&record.exec, data, fixed);
	record.hdr.comm[EV_COMM_MAX - 1] = '\0';
	record.text = (const char *)data + fixed;
	record.text_len = record.hdr.size - fixed;
	r = check_texts(&record);
	if (r < 0)
		return r;
	*ret_record = record;
	return 0;
}

int record_path(const struct record *record, const struct ev_text *text, struct strbuf *sb)
{
	const char *start = record->text + text->offset;
	const char *end = start + text->length;
	bool is_detached = text->flags & EV_TEXT_DETACHED;

	if (text->length == 0) /* the root itself */
		return 0;
	/* From the last component, the one nearest to the root, to the first. */
	while (end > start) {
		const char *name = end[-1] == '\0' ? end - 1 : end;
		size_t len;

		while (name > start && name[-1] != '\0')
			name--;
		len = strnlen(name, (size_t)(end - name));
		if (len == 0 || (!is_detached && memchr(name, '/', len)))
			return -EBADMSG;
		strbuf_add_char(sb, '/');
		for (size_t i = 0; i < len; i++)
			strbuf_add_char(sb, name[i] == '/' ? '_' : name[i]);
		end = name;
	}
	return strbuf_check(sb);
}

const char *record_string(const struct record *record, const struct ev_text *text)
{
	const char *start = record->text + text->offset;

	/* A cut one may lack its end. */
	if (text->length == 0 || !memchr(start, '\0', text->length))
		return NULL;
	return start;
}

uint64_t record_user_dev(uint32_t dev)
{
	return makedev(dev >> 20, dev & ((1U << 20) - 1));
}
