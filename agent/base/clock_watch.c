/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock_watch.h"

#include "base/clock.h"

struct clock_look clock_look_now(void)
{
	return (struct clock_look){
		.real_ns = clock_real_ns(),
		.boot_ns = clock_boot_ns(),
		.mono_ns = clock_mono_ns(),
	};
}

static int64_t beyond_tolerance(int64_t ns)
{
	return ns > CLOCK_WATCH_TOLERANCE_NS || ns < -CLOCK_WATCH_TOLERANCE_NS ? ns : 0;
}

bool clock_compare(const struct clock_look *before, const struct clock_look *now,
		   struct clock_news *ret_news)
{
	int64_t passed_ns = now->boot_ns - before->boot_ns;
	struct clock_news news = {
		.stepped_ns = beyond_tolerance(now->real_ns - before->real_ns - passed_ns),
		.suspended_ns = beyond_tolerance(passed_ns - (now->mono_ns - before->mono_ns)),
	};

	if (news.suspended_ns < 0)
		news.suspended_ns = 0;
	*ret_news = news;
	return news.stepped_ns != 0 || news.suspended_ns != 0;
}
