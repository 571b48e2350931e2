/* SPDX-License-Identifier: MIT */
/* sanitizers.h - which checkers this build is for, and their interfaces. */
#ifndef HOOKLINE_RT_SANITIZERS_H
#define HOOKLINE_RT_SANITIZERS_H

#if defined(__SANITIZE_ADDRESS__)
#define HOOKLINE_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOOKLINE_ASAN
#endif
#endif

#ifdef HOOKLINE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(start, end) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

#endif
