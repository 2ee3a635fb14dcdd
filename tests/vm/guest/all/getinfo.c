// SPDX-License-Identifier: MIT
/* The module answers GET_INFO as its header promises, on this machine too. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "../tap.h"

int main(void)
{
	struct piaccel_info info;
	int fd, ret;

	fd = open("/dev/piaccel", O_RDWR | O_CLOEXEC);
	if (!tap_ok(fd >= 0, "/dev/piaccel opens (%s)",
		    fd < 0 ? strerror(errno) : "read and write"))
		tap_end();

	memset(&info, 0xff, sizeof(info));
	ret = ioctl(fd, PIACCEL_GET_INFO, &info);
	if (!tap_ok(!ret, "GET_INFO answers (%s)",
		    ret ? strerror(errno) : "0"))
		tap_end();
	printf("# abi %u, page size %u, features %#" PRIx64 "\n",
	       (unsigned int)info.abi, (unsigned int)info.page_size,
	       (uint64_t)info.features);
	tap_ok(info.abi == PIACCEL_ABI, "abi is the header's: %u, want %u",
	       (unsigned int)info.abi, PIACCEL_ABI);
	tap_ok(info.page_size == sysconf(_SC_PAGESIZE),
	       "page size is the kernel's: %u, want %ld",
	       (unsigned int)info.page_size, sysconf(_SC_PAGESIZE));

	ret = ioctl(fd, _IO(PIACCEL_IOC_MAGIC, 0xff));
	tap_ok(ret == -1 && errno == ENOTTY, "an unknown call is ENOTTY (%s)",
	       ret == -1 ? strerror(errno) : "accepted");
	tap_ok(!close(fd), "closes");
	tap_end();
}
