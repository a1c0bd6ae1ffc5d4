/* SPDX-License-Identifier: Apache-2.0 */
#include "model/file_fact.h"

#include <elf.h>

#include "base/str.h"
#include "model/name_table.h"

static const char *const type_names[FILE_TYPE_COUNT] = {
	[FILE_TYPE_NONE] = "none",
	[FILE_TYPE_REGULAR] = "regular",
	[FILE_TYPE_DIRECTORY] = "directory",
	[FILE_TYPE_SYMLINK] = "symlink",
	[FILE_TYPE_FIFO] = "fifo",
	[FILE_TYPE_SOCKET] = "socket",
	[FILE_TYPE_CHAR_DEVICE] = "char-device",
	[FILE_TYPE_BLOCK_DEVICE] = "block-device",
};

static const char *const role_names[FILE_ROLE_COUNT] = {
	[FILE_ROLE_DATA] = "data",     [FILE_ROLE_CONFIG] = "config",
	[FILE_ROLE_SCRIPT] = "script", [FILE_ROLE_LIBRARY] = "library",
	[FILE_ROLE_MODULE] = "module", [FILE_ROLE_EXECUTABLE] = "executable",
	[FILE_ROLE_IMAGE] = "image",
};

const struct file_field file_fields_unstated[] = {
	{FILE_DIFF_SIZE, "size"},
	{FILE_DIFF_MODE, "mode"},
	{FILE_DIFF_OWNER, "owner"},
	{FILE_DIFF_CAPABILITIES, "capabilities"},
	{FILE_DIFF_XATTRS, "xattrs"},
	{FILE_DIFF_PACKAGE, "package"},
	{0, NULL},
};

void file_fact_done(struct file_fact *fact)
{
	free(fact->path);
	free(fact->user);
	free(fact->group);
	free(fact->capabilities);
	free(fact->xattrs);
	free(fact->link_target);
	free(fact->package);
	free(fact->version);
	*fact = (struct file_fact){0};
}

int file_fact_copy(const struct file_fact *from, struct file_fact *to)
{
	struct file_fact copy = *from;
	int r = 0;

	r |= copy_string(from->path, &copy.path);
	r |= copy_string(from->user, &copy.user);
	r |= copy_string(from->group, &copy.group);
	r |= copy_string(from->capabilities, &copy.capabilities);
	r |= copy_string(from->xattrs, &copy.xattrs);
	r |= copy_string(from->link_target, &copy.link_target);
	r |= copy_string(from->package, &copy.package);
	r |= copy_string(from->version, &copy.version);
	if (r < 0) {
		file_fact_done(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}

const char *file_type_name(enum file_type type)
{
	return name_of(type_names, FILE_TYPE_COUNT, type);
}

int file_type_parse(const char *name, enum file_type *ret_type)
{
	int value = value_of(type_names, FILE_TYPE_COUNT, name);

	if (value < 0)
		return value;
	*ret_type = (enum file_type)value;
	return 0;
}

enum file_type file_type_from_mode(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return FILE_TYPE_REGULAR;
	case S_IFDIR:
		return FILE_TYPE_DIRECTORY;
	case S_IFLNK:
		return FILE_TYPE_SYMLINK;
	case S_IFIFO:
		return FILE_TYPE_FIFO;
	case S_IFSOCK:
		return FILE_TYPE_SOCKET;
	case S_IFCHR:
		return FILE_TYPE_CHAR_DEVICE;
	case S_IFBLK:
		return FILE_TYPE_BLOCK_DEVICE;
	default:
		return FILE_TYPE_NONE;
	}
}

const char *file_role_name(enum file_role role)
{
	return name_of(role_names, FILE_ROLE_COUNT, role);
}

int file_role_parse(const char *name, enum file_role *ret_role)
{
	int value = value_of(role_names, FILE_ROLE_COUNT, name);

	if (value < 0)
		return value;
	*ret_role = (enum file_role)value;
	return 0;
}

/* ".so" at the end or before a version: libm.so, libm.so.6, but not notes.sources. */
static bool has_library_name(const char *path)
{
	const char *base = strrchr(path, '/');

	for (const char *so = strstr(base ? base : path, ".so"); so; so = strstr(so + 1, ".so"))
		if (so[3] == '\0' || so[3] == '.')
			return true;
	return false;
}

static bool has_module_name(const char *path)
{
	return str_ends(path, ".ko") || str_ends(path, ".ko.xz") || str_ends(path, ".ko.zst") ||
	       str_ends(path, ".ko.gz");
}

/*
 * Whether it asks for an ld.so, as far as programs of 64 bits go. The header that says so stands
 * among the first, so that the beginning of the file has it.
 */
static bool has_interpreter(const unsigned char *head, size_t len)
{
	Elf64_Ehdr elf;
	Elf64_Phdr header;

	if (len < sizeof(elf) || head[EI_CLASS] != ELFCLASS64 || head[EI_DATA] != ELFDATA2LSB)
		return false;
	memcpy(&elf, head, sizeof(elf));
	if (elf.e_phentsize != sizeof(header))
		return false;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		if (elf.e_phoff > len || (i + 1) * sizeof(header) > len - elf.e_phoff)
			return false;
		memcpy(&header, head + elf.e_phoff + i * sizeof(header), sizeof(header));
		if (header.p_type == PT_INTERP)
			return true;
	}
	return false;
}

/*
 * A position-independent program and a library have the same ELF type. The name decides, then
 * whether it asks for an ld.so, which runs it without an x bit, too; then that bit: plug-ins are
 * seldom executable.
 */
static enum file_role elf_role(const char *path, uint32_t mode, const unsigned char *head,
			       size_t head_len)
{
	uint16_t type = head[EI_DATA] == ELFDATA2MSB ? (uint16_t)(head[16] << 8 | head[17])
						     : (uint16_t)(head[17] << 8 | head[16]);

	if (type == ET_REL)
		return has_module_name(path) ? FILE_ROLE_MODULE : FILE_ROLE_DATA;
	if (type == ET_EXEC)
		return FILE_ROLE_EXECUTABLE;
	if (type != ET_DYN)
		return FILE_ROLE_DATA;
	if (has_library_name(path))
		return FILE_ROLE_LIBRARY;
	return mode & 0111 || has_interpreter(head, head_len) ? FILE_ROLE_EXECUTABLE
							      : FILE_ROLE_LIBRARY;
}

enum file_role file_role_guess(const char *path, uint32_t mode, const void *head, size_t head_len)
{
	const unsigned char *bytes = head;

	if (head_len >= 11 && memcmp(bytes, ELFMAG, SELFMAG) == 0 && bytes[8] == 'A' &&
	    bytes[9] == 'I') /* AppImage type 1 and 2 put "AI" into the ELF padding */
		return FILE_ROLE_IMAGE;
	if (head_len >= 20 && memcmp(bytes, ELFMAG, SELFMAG) == 0)
		return elf_role(path, mode, bytes, head_len);
	if (head_len >= 4 && (memcmp(bytes, "hsqs", 4) == 0 || memcmp(bytes, "sqsh", 4) == 0))
		return FILE_ROLE_IMAGE;
	if (has_module_name(path))
		return FILE_ROLE_MODULE;
	if (head_len >= 2 && bytes[0] == '#' && bytes[1] == '!')
		return FILE_ROLE_SCRIPT;
	if (mode & 0111) /* binfmt_misc, or a script without a shebang line */
		return FILE_ROLE_SCRIPT;
	if (path_is_below(path, "/etc"))
		return FILE_ROLE_CONFIG;
	return FILE_ROLE_DATA;
}

static bool has_ending(const char *path, const char *const *endings)
{
	for (; *endings; endings++)
		if (str_ends(path, *endings))
			return true;
	return false;
}

static bool is_in_program_folder(const char *path)
{
	return strstr(path, "/bin/") || strstr(path, "/sbin/") || strstr(path, "/libexec/");
}

enum file_role file_role_guess_by_name(const char *path, const uint32_t *mode)
{
	static const char *const scripts[] = {".sh", ".bash", ".py",  ".pl", ".rb",
					      ".js", ".lua",  ".tcl", NULL};
	static const char *const images[] = {".AppImage", ".squashfs", ".sqsh", ".snap", NULL};

	if (has_module_name(path))
		return FILE_ROLE_MODULE;
	if (has_library_name(path))
		return FILE_ROLE_LIBRARY;
	if (has_ending(path, images))
		return FILE_ROLE_IMAGE;
	if (has_ending(path, scripts))
		return FILE_ROLE_SCRIPT;
	if (mode ? *mode & 0111 : is_in_program_folder(path))
		return FILE_ROLE_EXECUTABLE;
	return path_is_below(path, "/etc") ? FILE_ROLE_CONFIG : FILE_ROLE_DATA;
}

/*
 * What was not stated may be anything but power: a list of names and digests approves no program
 * that runs as somebody else.
 */
static unsigned gained_power(const struct file_fact *approved, const struct file_fact *now)
{
	unsigned diff = 0;

	if (approved->type != FILE_TYPE_REGULAR)
		return 0;
	if ((approved->unstated & FILE_DIFF_MODE) && (now->mode & (S_ISUID | S_ISGID)))
		diff |= FILE_DIFF_MODE;
	if ((approved->unstated & FILE_DIFF_CAPABILITIES) && now->capabilities)
		diff |= FILE_DIFF_CAPABILITIES;
	return diff & ~now->unstated;
}

unsigned file_fact_diff(const struct file_fact *approved, const struct file_fact *now)
{
	unsigned diff = 0;

	if (approved->type != now->type)
		return FILE_DIFF_TYPE;

	if (approved->type == FILE_TYPE_REGULAR && approved->has_digest) {
		if (!now->has_digest)
			diff |= FILE_DIFF_UNREADABLE;
		else if (memcmp(approved->sha256, now->sha256, SHA256_SIZE) != 0)
			diff |= FILE_DIFF_CONTENT;
	}
	if (approved->type == FILE_TYPE_SYMLINK) {
		if (!str_equal(approved->link_target, now->link_target))
			diff |= FILE_DIFF_CONTENT;
	} else if (approved->mode != now->mode) { /* a link's own mode means nothing */
		diff |= FILE_DIFF_MODE;
	}
	if (approved->uid != now->uid || approved->gid != now->gid)
		diff |= FILE_DIFF_OWNER;
	if (!str_equal(approved->capabilities, now->capabilities))
		diff |= FILE_DIFF_CAPABILITIES;
	if (!str_equal(approved->xattrs, now->xattrs))
		diff |= FILE_DIFF_XATTRS;
	return (diff & ~(approved->unstated | now->unstated)) | gained_power(approved, now);
}
