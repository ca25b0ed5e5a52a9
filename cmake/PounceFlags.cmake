# Compiler flags that every target of this project is built with; consumers see none of them.

option(POUNCE_WERROR "Treat warnings as errors" OFF)
set(POUNCE_SANITIZE "" CACHE STRING "Comma-separated sanitizers: address,undefined | thread | fuzzer")

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# A release keeps its assertions: a server that ends is better than one that goes on wrongly, and
# there are few of them. -O2 measures as well as -O3 here and keeps the code small.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELEASE "-O2")

find_program(POUNCE_CCACHE ccache)
mark_as_advanced(POUNCE_CCACHE)
if(POUNCE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${POUNCE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${POUNCE_CCACHE})
endif()

add_library(pounce_flags INTERFACE)
target_compile_options(pounce_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# The two compilers mean different things by -Wconversion; ask the same question of both.
target_compile_options(pounce_flags INTERFACE -Wno-sign-conversion)
# GCC clears more than 96 bytes with "rep stos", whose start alone costs a quarter of what a short request head costs to parse.
include(CheckCXXCompilerFlag)
set(_clear -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign)
check_cxx_compiler_flag(${_clear} POUNCE_HAS_MEMSET_STRATEGY)
if(POUNCE_HAS_MEMSET_STRATEGY)
  target_compile_options(pounce_flags INTERFACE $<$<CONFIG:Release>:${_clear}>)
endif()
if(POUNCE_WERROR)
  target_compile_options(pounce_flags INTERFACE -Werror)
endif()
target_compile_definitions(pounce_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

# Sanitizers are for the whole build, third-party objects and modules included.
if(POUNCE_SANITIZE)
  string(REPLACE "," ";" _sanitizers "${POUNCE_SANITIZE}")
  set(POUNCE_FUZZER OFF)
  if("fuzzer" IN_LIST _sanitizers)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      message(FATAL_ERROR "POUNCE_SANITIZE=fuzzer needs clang")
    endif()
    set(POUNCE_FUZZER ON)
    list(TRANSFORM _sanitizers REPLACE "^fuzzer$" "fuzzer-no-link")
  endif()
  list(JOIN _sanitizers "," _sanitizers)
  add_compile_options(-fsanitize=${_sanitizers} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${_sanitizers})
  if(POUNCE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
