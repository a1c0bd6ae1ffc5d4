/* SPDX-License-Identifier: Apache-2.0 */
/* Ends at once; linked statically. */
int main(void)
{
	return 0;
}
