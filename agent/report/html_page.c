/* SPDX-License-Identifier: Apache-2.0 */
/* The head of every page; see html_page.h. */
#include "report/html_page.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "report/html.h"
#include "report/style_css.h"

/* "sha256-" and 32 bytes in base64. */
#define STYLE_HASH_SIZE 56

static int style_hash(const char *text, char buf[static STYLE_HASH_SIZE])
{
	cleanup_strbuf struct strbuf name = STRBUF_INIT;
	uint8_t digest[SHA256_SIZE];
	int r;

	r = hash_buffer(text, strlen(text), digest);
	if (r < 0)
		return r;
	strbuf_add_str(&name, "sha256-");
	str_base64(&name, digest, sizeof(digest));
	if (strbuf_check(&name) < 0)
		return -ENOMEM;
	(void)str_copy(buf, STYLE_HASH_SIZE, name.data);
	return 0;
}

/* The running head and foot of printed pages; they name the report on every sheet. */
static char *make_page_style(const char *title, const char *made_by)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("@page{@top-left{content:", out);
	html_css_string(out, title);
	fputs("}@bottom-left{content:", out);
	html_css_string(out, made_by);
	fputs("}@bottom-right{content:\"Page \" counter(page) \" of \" counter(pages)}}", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int html_page_head(FILE *out, const char *title, const char *made_by)
{
	cleanup_free char *page_style = make_page_style(title, made_by);
	char common_hash[STYLE_HASH_SIZE], page_hash[STYLE_HASH_SIZE];
	int r;

	if (!page_style)
		return -ENOMEM;
	r = style_hash(style_css, common_hash);
	if (r < 0)
		return r;
	r = style_hash(page_style, page_hash);
	if (r < 0)
		return r;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", out);
	fprintf(out,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src '%s' '%s'; base-uri 'none'; form-action 'none'\">\n",
		common_hash, page_hash);
	fputs("<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n",
	      out);
	html_element(out, "title", NULL, title);
	fprintf(out, "\n<style>%s</style>\n<style>%s</style>\n</head>\n", style_css, page_style);
	return 0;
}
