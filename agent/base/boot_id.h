/* SPDX-License-Identifier: Apache-2.0 */
/* Which boot of the machine this is. */
#ifndef PLUMBLINE_BASE_BOOT_ID_H
#define PLUMBLINE_BASE_BOOT_ID_H

#define BOOT_ID_SIZE 40

/* The kernel's text for this boot, zeroes behind it; negative errno when it cannot be read. */
int boot_id_read(char ret_id[static BOOT_ID_SIZE]);

#endif
