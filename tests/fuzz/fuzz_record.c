/* SPDX-License-Identifier: Apache-2.0 */
/* Records from the kernel's rings: whatever the bytes, every path that comes out is absolute and
 * made of names. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "sensor/exec_news.h"
#include "sensor/record.h"
#include "sensor/start_texts.h"

static void check_path(const struct record *record, const struct ev_text *text)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	if (record_path(record, text, &sb) < 0 || sb.len == 0)
		return;
	if (sb.data[0] != '/' || strstr(sb.data, "//") || strlen(sb.data) != sb.len)
		abort();
}

static void check_string(const struct record *record, const struct ev_text *text)
{
	const char *string = record_string(record, text);

	if (string && strlen(string) >= text->length)
		abort();
}

/* What names its text has that text then, and once more without it. */
static void complete(const uint8_t **data, size_t *size)
{
	static struct start_texts *texts;
	const void *whole = *data;
	size_t len = *size;

	if (!texts && start_texts_new(-1, &texts) < 0)
		abort();
	start_texts_complete(texts, &whole, &len);
	if (whole != *data && len > sizeof(struct ev_exec)) {
		static uint8_t first[sizeof(struct ev_exec) + EV_START_TEXT];
		struct ev_exec exec;
		const void *again = &exec;
		size_t len_again = sizeof(exec);

		memcpy(first, whole, len);
		memcpy(&exec, *data, sizeof(exec));
		exec.hdr.size = sizeof(exec);
		start_texts_complete(texts, &again, &len_again);
		if (len_again != len || memcmp(again, first, len) != 0)
			abort();
	}
	*data = whole;
	*size = len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exec_words words = {0};
	struct proc_news news;
	struct record record;

	complete(&data, &size);
	if (record_decode(data, size, &record) < 0)
		return 0;
	(void)exec_news_fill(&record, &words, &news);
	switch (record.hdr.type) {
	case EV_EXEC:
	case EV_TASK:
		check_path(&record, &record.exec.exe);
		check_path(&record, &record.exec.cwd);
		check_path(&record, &record.exec.cgroup);
		check_string(&record, &record.exec.filename);
		break;
	case EV_OPEN:
		check_path(&record, &record.open.path);
		break;
	case EV_PATH:
		check_path(&record, &record.path.cwd);
		check_string(&record, &record.path.path);
		break;
	case EV_LOAD:
		check_path(&record, &record.load.path);
		break;
	case EV_MOUNT:
		check_path(&record, &record.mount.path);
		check_path(&record, &record.mount.base);
		check_string(&record, &record.mount.path);
		check_string(&record, &record.mount.source);
		check_string(&record, &record.mount.type);
		break;
	default:
		break;
	}
	exec_words_done(&words);
	return 0;
}
