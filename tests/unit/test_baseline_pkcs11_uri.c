/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/pkcs11_uri.h. */
#include "unit/unit.h"

#include "base/diag.h"
#include "baseline/pkcs11_uri.h"

static const struct {
	const char *text, *object, *token, *pin_source, *module;
} rights[] = {
	{"pkcs11:token=plant;object=me", "pkcs11:token=plant;object=me", "plant", NULL, NULL},
	{"PKCS11:id=%01%ff", "pkcs11:id=%01%ff", NULL, NULL, NULL},
	{"pkcs11:token=my%20card;id=%2f", "pkcs11:token=my%20card;id=%2f", "my card", NULL, NULL},
	{"pkcs11:object=me?pin-source=/etc/pin", "pkcs11:object=me", NULL, "/etc/pin", NULL},
	{"pkcs11:object=me?pin-source=file:/a%20b", "pkcs11:object=me", NULL, "/a b", NULL},
	{"pkcs11:object=me?pin-source=file:///a", "pkcs11:object=me", NULL, "/a", NULL},
	{"pkcs11:object=me;pin-source=/a;type=private", "pkcs11:object=me;type=private", NULL, "/a",
	 NULL},
	{"pkcs11:object=me?module-path=/m.so&pin-source=/p", "pkcs11:object=me", NULL, "/p",
	 "/m.so"},
	{"pkcs11:x-maker=a;object=a&b?x-1=b&x-2=?;", "pkcs11:x-maker=a;object=a&b?x-1=b&x-2=?;",
	 NULL, NULL, NULL},
	{"pkcs11:object=me?pin-source=/a&x-2=b", "pkcs11:object=me?x-2=b", NULL, "/a", NULL},
	{"pkcs11:;object=me;", "pkcs11:object=me", NULL, NULL, NULL},
};

static void equal(const char *is, const char *wanted)
{
	if (wanted)
		ck_assert_str_eq(is, wanted);
	else
		ck_assert_ptr_null(is);
}

START_TEST(what_is_for_us_is_taken_out_of_the_uri)
{
	struct pkcs11_uri uri = {0};
	struct diag diag = {0};

	ck_assert_int_eq(pkcs11_uri_parse(rights[_i].text, &uri, &diag), 0);
	equal(uri.object, rights[_i].object);
	equal(uri.token, rights[_i].token);
	equal(uri.pin_source, rights[_i].pin_source);
	equal(uri.module, rights[_i].module);
	pkcs11_uri_done(&uri);
}
END_TEST

static const struct {
	const char *text, *says;
} wrongs[] = {
	{"file:/me.key", "does not begin"},
	{"pkcs11:", "names nothing"},
	{"pkcs11:?pin-source=/a", "names nothing"},
	{"pkcs11:token", "no name=value"},
	{"pkcs11:=x", "no name=value"},
	{"pkcs11:token=%4", "no two digits"},
	{"pkcs11:token=%", "no two digits"},
	{"pkcs11:token=%zz", "no two digits"},
	{"pkcs11:token=%00", "no two digits"},
	{"pkcs11:token=a;token=b", "twice"},
	{"pkcs11:object=me?module-path=/a&module-path=/b", "twice"},
	{"pkcs11:object=me?pin-source=/a&pin-source=/b", "two of pin-source"},
	{"pkcs11:object=me?pin-source=pin", "no absolute path"},
	{"pkcs11:object=me?pin-source=%7ccat%20/pin", "no absolute path"},
	{"pkcs11:object=me?pin-source=", "no absolute path"},
	{"pkcs11:object=me?pin-value=4711", "every user of this machine can read"},
	{"pkcs11:object=me;pin-value=4711", "every user of this machine can read"},
	{"pkcs11:object=me?module-name=x", "module-path is known"},
};

START_TEST(mistakes_are_refused_and_no_pin_is_repeated)
{
	struct pkcs11_uri uri = {.token = NULL};
	struct diag diag = {0};

	ck_assert_int_eq(pkcs11_uri_parse(wrongs[_i].text, &uri, &diag), -EINVAL);
	ck_assert_ptr_nonnull(strstr(diag.text, wrongs[_i].says));
	ck_assert_ptr_null(strstr(diag.text, "4711"));
	ck_assert_ptr_null(uri.object);
}
END_TEST

START_TEST(a_file_is_told_from_a_uri)
{
	ck_assert(pkcs11_uri_is("pkcs11:token=a"));
	ck_assert(pkcs11_uri_is("PKCS11:token=a"));
	ck_assert(!pkcs11_uri_is("./pkcs11:token=a"));
	ck_assert(!pkcs11_uri_is("pkcs11"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, what_is_for_us_is_taken_out_of_the_uri, 0, ARRAY_SIZE(rights));
	tcase_add_loop_test(tcase, mistakes_are_refused_and_no_pin_is_repeated, 0,
			    ARRAY_SIZE(wrongs));
	tcase_add_test(tcase, a_file_is_told_from_a_uri);
}

UNIT_MAIN("baseline_pkcs11_uri")
