// SPDX-License-Identifier: GPL-2.0-only
/* The module answers GET_INFO as its header promises, on this machine too. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "kselftest.h"

int main(void)
{
	struct piaccel_info info;
	int fd, ret;

	ksft_print_header();
	ksft_set_plan(5);

	fd = open("/dev/piaccel", O_RDWR | O_CLOEXEC);
	ksft_test_result(fd >= 0, "/dev/piaccel opens (%s)\n",
			 fd < 0 ? strerror(errno) : "read and write");

	memset(&info, 0xff, sizeof(info));
	ret = ioctl(fd, PIACCEL_GET_INFO, &info);
	ksft_test_result(!ret, "GET_INFO answers (%s)\n",
			 ret ? strerror(errno) : "0");
	ksft_print_msg("abi %u, page size %u, features %#llx\n", info.abi,
		       info.page_size, (unsigned long long)info.features);
	ksft_test_result(info.abi == PIACCEL_ABI,
			 "abi is the header's: %u, want %u\n",
			 info.abi, PIACCEL_ABI);
	ksft_test_result(info.page_size == sysconf(_SC_PAGESIZE),
			 "page size is the kernel's: %u, want %ld\n",
			 info.page_size, sysconf(_SC_PAGESIZE));

	ret = ioctl(fd, _IO(PIACCEL_IOC_MAGIC, 0xff));
	ksft_test_result(ret == -1 && errno == ENOTTY,
			 "an unknown call is ENOTTY (%s)\n",
			 ret == -1 ? strerror(errno) : "accepted");
	ksft_finished();
}
