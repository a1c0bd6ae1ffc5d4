/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes that look at disks, interfaces and the age of files. */
#include "checks_tree.h"

#include <time.h>

#define MEDIA                                                                              \
	"kind = mounts\npoints = /media/*\nlack = nosuid noexec\nwithout = none mounted\n" \
	"expect = none\n"
#define SHARES \
	"kind = mounts\ntypes = nfs* cifs\nlack = nosuid\nwithout = none mounted\nexpect = none\n"
#define INFO  "/proc/self/mountinfo"
#define ROOT  "20 1 254:0 / / rw - ext4 /dev/dm-0 rw\n"
#define BOOT  "kind = mount\npath = /boot\nwithout = not on its own\nexpect = has nodev\n"
#define DISKS "kind = encryption\nof = mounts\npaths = / /home\nexpect = none\n"
#define SWAPS "kind = encryption\nof = swaps\nexpect = none\n"
#define HEADS "Filename Type Size Used Priority\n"
#define CRYPT                                                     \
	{                                                         \
		"/sys/dev/block/254:0/dm/uuid", "CRYPT-LUKS2-x\n" \
	}
#define WIRED "kind = interface\nlist = wired\nexpect = count 1\n"
#define WLAN  "kind = interface\nlist = wireless\nexpect = none\n"
#define RADIO "kind = interface\nlist = radios\nexpect = none\n"
#define ETH(n)                                      \
	{"/sys/class/net/" n "/operstate", "up\n"}, \
	{                                           \
		"/sys/class/net/" n "/device/x", "" \
	}
#define TPM    "kind = path\npaths = /dev/tpm* /dev/x\nexpect = some\n"
#define BACKUP "kind = newest\npaths = /srv/backup/*\nunit = days\nexpect = between 0 7\n"

#define CERT   "kind = certificate\npaths = /etc/a/*\ndays = 30\nexpect = none\n"
#define PEM(x) "-----BEGIN CERTIFICATE-----\n" x "\n-----END CERTIFICATE-----\n"
/* As much of a certificate as leads to its end: 2020, 2199, 2049 (version 1), a month 13. */
#define OLD   PEM("MC4wLKADAgECAgEBMAAwADAeFw0yMDAxMDEwMDAwMDBaFw0yMDAyMDEwMDAwMDBa")
#define NEW   PEM("MDAwLqADAgECAgEBMAAwADAgFw0yMDAxMDEwMDAwMDBaGA8yMTk5MDIwMTAwMDAwMFo=")
#define FIRST PEM("MCkwJwIBATAAMAAwHhcNMjAwMTAxMDAwMDAwWhcNNDkxMjMxMjM1OTU5Wg==")
#define ODD   PEM("MC4wLKADAgECAgEBMAAwADAeFw0yMDAxMDEwMDAwMDBaFw0yMDEzMDEwMDAwMDBa")
#define OWNER "kind = secure_boot\nfact = owner_keys\nexpect = at_most 1\n"
#define SETUP "kind = secure_boot\nfact = setup_mode\nexpect = equals off\n"
#define EFI   "/sys/firmware/efi/efivars/"
#define MOK   EFI "MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"
/* Attributes, the kind X.509, then sizes of list, header and entry. */
#define LIST(bytes)                                                                      \
	"\6\0\0\0\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72" bytes \
	"\0\0\0\0\0\0\0\x8\0\0\0"

#define WALK(f) "kind = walk\nfact = " f "\nexcept = /tmp\nexpect = none\n"
#define DEEP	"/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d"

static const struct probe_case cases[] = {
	{"mounts: safe",
	 MEDIA,
	 {{INFO, ROOT "21 20 8:1 / /media/a\\040b rw,nosuid,noexec - vfat /dev/sdb1 rw\n"}},
	 CHECK_PASS,
	 "none"},
	{"mounts: lacking",
	 MEDIA,
	 {{INFO, ROOT "21 20 8:1 / /media/a/b rw,nosuid - vfat /dev/sdb1 rw\n"}},
	 CHECK_FAIL,
	 "=/media/a/b lacks noexec"},
	{"mounts: none of that kind", MEDIA, {{INFO, ROOT}}, CHECK_NOT_APPLICABLE, "none mounted"},
	{"mounts: by type",
	 SHARES,
	 {{INFO, "21 20 0:40 / /x rw - nfs4 s:/x rw\n22 20 0:41 / /y rw,nosuid - cifs //s/y rw\n"}},
	 CHECK_FAIL,
	 "=/x lacks nosuid"},
	{"mounts: lines of junk",
	 SHARES,
	 {{INFO, "1 2 3\n- - -\n\xff\n"}},
	 CHECK_NOT_APPLICABLE,
	 "none mounted"},
	{"mounts: a fifo", SHARES, {{INFO, "|fifo"}}, CHECK_ERROR, "not a regular file"},
	{"mounts: no kernel", SHARES, {{NULL}}, CHECK_NOT_APPLICABLE, "no running kernel"},
	{"mount: not on its own", BOOT, {{INFO, ROOT}}, CHECK_NOT_APPLICABLE, "not on its own"},
	{"mount: an option is missing there",
	 BOOT,
	 {{INFO, "2 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n"}},
	 CHECK_FAIL,
	 "rw"},

	{"encryption: dm-crypt", DISKS, {{INFO, ROOT}, CRYPT}, CHECK_PASS, "none"},
	{"encryption: in the clear",
	 DISKS,
	 {{INFO, ROOT}, {"/sys/dev/block/254:0/dm/uuid", "LVM-x\n"}},
	 CHECK_FAIL,
	 "=/ is not encrypted, /home is not encrypted"},
	{"encryption: below a volume",
	 DISKS,
	 {{INFO, ROOT},
	  {"/sys/dev/block/254:0/dm/uuid", "LVM-x\n"},
	  {"/sys/dev/block/254:0/slaves/dm-1/dm/uuid", "CRYPT-a\n"},
	  {"/sys/dev/block/254:0/slaves/dm-2/dm/uuid", "CRYPT-b\n"}},
	 CHECK_PASS,
	 "none"},
	{"encryption: one of two below is not",
	 DISKS,
	 {{INFO, ROOT},
	  {"/sys/dev/block/254:0/slaves/dm-1/dm/uuid", "CRYPT-a\n"},
	  {"/sys/dev/block/254:0/slaves/sda/dev", "8:0\n"}},
	 CHECK_FAIL,
	 "/ is not"},
	{"encryption: a device that is gone",
	 DISKS,
	 {{INFO, ROOT}, {"/sys/dev/block/254:0/slaves/a", "-> gone"}},
	 CHECK_FAIL,
	 "/ is not"},
	{"encryption: devices that hold themselves",
	 DISKS,
	 {{INFO, ROOT}, {"/sys/dev/block/254:0/slaves/a", "-> ../../254:0"}},
	 CHECK_ERROR,
	 "too many devices"},
	{"encryption: an unknown device", DISKS, {{INFO, ROOT}}, CHECK_ERROR, "cannot tell"},
	{"encryption: memory",
	 DISKS,
	 {{INFO, "20 1 0:1 / / rw - tmpfs x rw\n"}},
	 CHECK_PASS,
	 "none"},
	{"swap: none", SWAPS, {{INFO, ROOT}, {"/proc/swaps", HEADS}}, CHECK_PASS, "none"},
	{"swap: compressed memory",
	 SWAPS,
	 {{INFO, ROOT}, {"/proc/swaps", HEADS "/dev/zram0 partition 1 0 100\n"}},
	 CHECK_PASS,
	 "none"},
	{"swap: a partition",
	 SWAPS,
	 {{INFO, ROOT},
	  {"/proc/swaps", HEADS "/dev/sda2 partition 1 0 100\n"},
	  {"/sys/class/block/sda2/x", ""}},
	 CHECK_FAIL,
	 "=/dev/sda2 is not encrypted"},
	{"swap: a file on an encrypted disk",
	 SWAPS,
	 {{INFO, ROOT}, {"/proc/swaps", HEADS "/swap\\040file file 1 0 100\n"}, CRYPT},
	 CHECK_PASS,
	 "none"},
	{"swap: junk",
	 SWAPS,
	 {{INFO, ROOT}, {"/proc/swaps", HEADS "junk\n"}},
	 CHECK_ERROR,
	 "no swap"},

	{"interface: one",
	 WIRED,
	 {ETH("eth0"), {"/sys/class/net/docker0/operstate", "up\n"}},
	 CHECK_PASS,
	 "=eth0"},
	{"interface: two", WIRED, {ETH("eth0"), ETH("eth1")}, CHECK_FAIL, "eth0, eth1"},
	{"interface: no kernel", WIRED, {{NULL}}, CHECK_NOT_APPLICABLE, "no running kernel"},
	{"wireless: blocked",
	 WLAN,
	 {{"/sys/class/net/wlan0/phy80211/rfkill0/soft", "1\n"},
	  {"/sys/class/net/wlan0/flags", "0x1002\n"}},
	 CHECK_PASS,
	 "none"},
	{"wireless: up",
	 WLAN,
	 {{"/sys/class/net/wlan0/wireless/", NULL}, {"/sys/class/net/wlan0/flags", "0x1003\n"}},
	 CHECK_FAIL,
	 "=wlan0 is up"},
	{"wireless: may be used",
	 WLAN,
	 {{"/sys/class/net/wlan0/wireless/", NULL}},
	 CHECK_FAIL,
	 "not blocked"},
	{"radios: one is on",
	 RADIO,
	 {{"/sys/class/net/", NULL},
	  {"/sys/class/rfkill/rfkill0/type", "bluetooth\n"},
	  {"/sys/class/rfkill/rfkill1/type", "wwan\n"},
	  {"/sys/class/rfkill/rfkill1/hard", "1\n"}},
	 CHECK_FAIL,
	 "=bluetooth (rfkill0)"},

	{"certificate: holds",
	 CERT,
	 {{"/etc/a/c", "text\n" NEW FIRST}, {"/etc/a/k", "no certificate\n"}},
	 CHECK_PASS,
	 "none"},
	{"certificate: ended", CERT, {{"/etc/a/c", NEW OLD}}, CHECK_FAIL, "=/etc/a/c ended"},
	{"certificate: damaged",
	 CERT,
	 {{"/etc/a/c", PEM("MIIB!")}},
	 CHECK_ERROR,
	 "damaged certificate"},
	{"certificate: a time that is none",
	 CERT,
	 {{"/etc/a/c", ODD}},
	 CHECK_ERROR,
	 "damaged certificate"},
	{"certificate: no end of the text",
	 CERT,
	 {{"/etc/a/c", "-----BEGIN CERTIFICATE-----\nMA=="}},
	 CHECK_ERROR,
	 "damaged"},
	{"certificate: none", CERT, {{"/etc/a/k", "x"}}, CHECK_NOT_APPLICABLE, "no certificate"},
	{"certificate: a fifo", CERT, {{"/etc/a/k", "|fifo"}}, CHECK_ERROR, "not a regular file"},

	{"owner's keys: two",
	 OWNER,
	 {{MOK,
	   LIST("\x2c") "12345678"
			"12345678",
	   48}},
	 CHECK_FAIL,
	 "=2"},
	{"owner's keys: lists that do not fit",
	 OWNER,
	 {{MOK, LIST("\xff"), 32}},
	 CHECK_ERROR,
	 "damaged"},
	{"owner's keys: none", OWNER, {{EFI, NULL}}, CHECK_PASS, "=0"},
	{"owner's keys: no UEFI", OWNER, {{NULL}}, CHECK_NOT_APPLICABLE, "not started by UEFI"},
	{"setup mode: off",
	 SETUP,
	 {{EFI "SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\6\0\0\0\0", 5}},
	 CHECK_PASS,
	 "=off"},

	{"walk: a program with setuid",
	 WALK("setuid"),
	 {{"4755 /opt/x y", ""},
	  {"4755 /tmp/a", ""},
	  {"4755 /proc/b", ""},
	  {"/opt/loop", "-> loop"}},
	 CHECK_FAIL,
	 "=/opt/x y"},
	{"walk: none",
	 WALK("setuid"),
	 {{"0755 /opt/x", ""}, {"/opt/f", "|fifo"}},
	 CHECK_PASS,
	 "looked at"},
	{"walk: a file for everybody",
	 WALK("writable_file"),
	 {{"0666 /a", ""}, {"/b", "-> a"}},
	 CHECK_FAIL,
	 "=/a"},
	{"walk: a folder for everybody",
	 WALK("writable_folder"),
	 {{"0777 /a/", NULL}, {"1777 /b/", NULL}},
	 CHECK_FAIL,
	 "=/a"},
	{"walk: nobody's",
	 WALK("unowned"),
	 {{"/etc/passwd", "x:x:99999:1::/:/\n"}},
	 CHECK_FAIL,
	 "/etc/passwd"},
	{"walk: somebody's", WALK("unowned"), {{"/a", ""}}, CHECK_PASS, "none"},
	{"walk: too deep",
	 WALK("setuid"),
	 {{DEEP DEEP DEEP DEEP DEEP "/x", ""}},
	 CHECK_ERROR,
	 "is too deep to be looked into"},
	{"walk: too deep, and found beside it",
	 WALK("setuid"),
	 {{"/a" DEEP DEEP DEEP DEEP DEEP "/x", ""}, {"4755 /z", ""}},
	 CHECK_FAIL,
	 "=/z"},
	{"walk: too deep where nobody looks",
	 WALK("setuid"),
	 {{"/tmp" DEEP DEEP DEEP DEEP DEEP "/x", ""}},
	 CHECK_PASS,
	 "none"},
	{"walk: no list of users",
	 WALK("unowned"),
	 {{"/etc/passwd", "%1073741824"}},
	 CHECK_ERROR,
	 "larger"},

	{"path: there", TPM, {{"/dev/tpmrm0", "|fifo"}}, CHECK_PASS, "/dev/tpmrm0"},
	{"path: not there", TPM, {{NULL}}, CHECK_FAIL, "none"},
	{"newest: of today", BACKUP, {{"/srv/backup/a", ""}}, CHECK_PASS, "0 (/srv/backup/a)"},
	{"newest: none", BACKUP, {{"/srv/backup/folder/", NULL}}, CHECK_FAIL, "no such file"},
	{"newest: a circle", BACKUP, {{"/srv/backup/a", "-> a"}}, CHECK_ERROR, "circles"},
};

START_TEST(finds)
{
	run_case(&cases[_i]);
}
END_TEST

/* The set of one check that run_case() would make, with the file's time set to @age_s ago. */
static enum check_outcome judge_age(int64_t age_s)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_check_result struct check_result result = {0};
	const struct node file = {"/srv/backup/a", "x"};
	struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};
	char *folder = unit_folder_new(), root[256], data[256], path[320];

	snprintf(root, sizeof(root), "%s/root", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	snprintf(path, sizeof(path), "%s/srv/backup/a", root);
	make_data(data, BACKUP);
	make_node(root, &file);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_eq(check_set_load(data, "p", &set, NULL), 0);
	ck_assert_int_eq(check_run(set, 0, root, &result), 0);
	unit_folder_free(folder);
	return result.outcome;
}

START_TEST(newest_is_judged_by_its_age)
{
	ck_assert_int_eq(judge_age(6 * 86400), CHECK_PASS);
	ck_assert_int_eq(judge_age(9 * 86400), CHECK_FAIL);
	ck_assert_int_eq(judge_age(-3600), CHECK_PASS);
	ck_assert_int_eq(judge_age(-9 * 86400), CHECK_ERROR);
}
END_TEST

START_TEST(too_many_certificates_say_so)
{
	static const struct long_case many = {"certificate", CERT, "/etc/a/c", OLD, "certificates"};

	run_long_case(&many);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, finds, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tcase, too_many_certificates_say_so);
	tcase_add_test(tcase, newest_is_judged_by_its_age);
}

UNIT_MAIN("checks_devices")
