/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The login screen and the X server, by the settings of gdm, lightdm and sddm and of xorg.conf: who
 * is logged in by himself, whether guests are, whether the screen is open to the network, and
 * whether the keys that leave a kiosk still work.
 */
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

static const struct probe_key keys[] = {
	{"list", PROBE_KEY_CHOICE, true, "autologin guests network ways_out"},
	{NULL},
};

enum wanted {
	AUTOLOGIN, /* accounts that log in by themselves */
	GUESTS,	   /* logins without an account, or with every account shown */
	NETWORK,   /* X or XDMCP over the network */
	WAYS_OUT,  /* keys that leave or end the X server and are not switched off */
};

struct search {
	const struct root *root;
	struct probe_value *value;
	enum wanted wanted;
	unsigned files;
	char section[64];
	char user[128];	   /* of gdm: only together with its switch */
	bool is_automatic; /* the switch of gdm */
	bool has_no_vt, has_no_zap;
};

static const struct setting {
	enum wanted wanted;
	const char *file, *section, *key; /* @file: a part of its path */
	const char *bad;		  /* value that is listed; NULL: any but empty */
} settings[] = {
	{AUTOLOGIN, "/lightdm", "Seat:*", "autologin-user", NULL},
	{AUTOLOGIN, "/lightdm", "SeatDefaults", "autologin-user", NULL},
	{AUTOLOGIN, "/sddm", "Autologin", "User", NULL},
	{GUESTS, "/lightdm", "Seat:*", "allow-guest", "true"},
	{GUESTS, "/lightdm", "Seat:*", "greeter-hide-users", "false"},
	{NETWORK, "/gdm", "xdmcp", "Enable", "true"},
	{NETWORK, "/gdm", "security", "DisallowTCP", "false"},
	{NETWORK, "/lightdm", "XDMCPServer", "enabled", "true"},
	{NETWORK, "/lightdm", "VNCServer", "enabled", "true"},
	{NETWORK, "/lightdm", "Seat:*", "xserver-allow-tcp", "true"},
};

static int add(struct search *search, const char *item, const char *path)
{
	return probe_list_found(search->value, "such settings", "%s (%s)", item, path);
}

static int take_setting(struct search *search, const char *key, const char *value, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];

		if (setting->wanted != search->wanted || !strstr(path, setting->file) ||
		    !str_equal(setting->section, search->section) ||
		    strcasecmp(setting->key, key) != 0)
			continue;
		if (!setting->bad && *value)
			return add(search, value, path);
		if (setting->bad && strcasecmp(value, setting->bad) == 0)
			return add(search, key, path);
	}
	/* gdm names the user in one key and switches it on in another. */
	if (!str_equal(search->section, "daemon") || !strstr(path, "/gdm"))
		return 0;
	if (str_equal(key, "AutomaticLogin") || str_equal(key, "TimedLogin"))
		(void)str_copy(search->user, sizeof(search->user), value);
	if (str_equal(key, "AutomaticLoginEnable") || str_equal(key, "TimedLoginEnable"))
		search->is_automatic |= strcasecmp(value, "true") == 0 || str_equal(value, "1");
	return 0;
}

/* Option "DontVTSwitch" "on"; without a value it is on. */
static void take_xorg_line(struct search *search, char *line)
{
	bool is_off;

	if (strncasecmp(line, "option", strlen("option")) != 0)
		return;
	text_lower(line);
	is_off = strstr(line, "\"off\"") || strstr(line, "\"false\"") || strstr(line, "\"no\"") ||
		 strstr(line, "\"0\"");
	if (strstr(line, "\"dontvtswitch\""))
		search->has_no_vt = !is_off;
	if (strstr(line, "\"dontzap\""))
		search->has_no_zap = !is_off;
}

static int take_line(struct search *search, char *line, const char *path)
{
	char *value;

	if (search->wanted == WAYS_OUT) {
		take_xorg_line(search, line);
		return 0;
	}
	if (*line == '[') {
		line[strcspn(line, "]")] = '\0';
		(void)str_copy(search->section, sizeof(search->section), line + 1);
		return 0;
	}
	value = strchr(line, '=');
	if (!value)
		return 0;
	*value++ = '\0';
	words_squash(value);
	return take_setting(search, words_squash(line), value, path);
}

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	search->files++;
	search->section[0] = search->user[0] = '\0';
	search->is_automatic = false;
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor)))
		if (*line && *line != '#')
			r = take_line(search, line, path);
	if (r >= 0 && search->wanted == AUTOLOGIN && search->is_automatic)
		r = add(search, *search->user ? search->user : "somebody", path);
	return r;
}

static const char screen_files[] =
	"/etc/gdm3/daemon.conf /etc/gdm3/custom.conf /etc/gdm/custom.conf "
	"/usr/share/lightdm/lightdm.conf.d/*.conf /etc/lightdm/lightdm.conf.d/*.conf "
	"/etc/lightdm/lightdm.conf /usr/lib/sddm/sddm.conf.d/*.conf /etc/sddm.conf.d/*.conf "
	"/etc/sddm.conf";
static const char xorg_files[] =
	"/usr/share/X11/xorg.conf.d/*.conf /etc/X11/xorg.conf.d/*.conf /etc/X11/xorg.conf";

static int add_ways_out(struct search *search)
{
	int r = 0;

	if (!search->has_no_vt)
		r = add(search, "Ctrl-Alt-F2", "DontVTSwitch is not set");
	if (r == 0 && !search->has_no_zap)
		r = add(search, "Ctrl-Alt-Backspace", "DontZap is not set");
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	const char *list = params->values[0];
	struct search search = {
		.root = root,
		.value = value,
		.wanted = str_equal(list, "autologin") ? AUTOLOGIN
			  : str_equal(list, "guests")  ? GUESTS
			  : str_equal(list, "network") ? NETWORK
						       : WAYS_OUT,
	};
	int r;

	if (search.wanted == WAYS_OUT && !root_exists(root, "/usr/bin/Xorg") &&
	    !root_exists(root, "/usr/lib/xorg/Xorg") && !root_exists(root, "/usr/libexec/Xorg"))
		return probe_not_applicable(value, "no X server is installed");
	probe_list_add(value, NULL);
	r = probe_glob(root, search.wanted == WAYS_OUT ? xorg_files : screen_files, read_file,
		       &search, value);
	if (r <= 0)
		return r;
	if (search.wanted == WAYS_OUT)
		return add_ways_out(&search);
	return search.files ? 0 : probe_not_applicable(value, "no login screen has settings here");
}

const struct probe_ops probe_display = {"display", keys, PROBE_GIVES_LIST, run};
