# llhttp, the HTTP/1.1 tokenizer behind Pounce::protocol.
#
# A real package (9.x) is preferred; otherwise Debian's node-llhttp, which ships the generated C
# sources, is compiled here in strict mode. Those objects are folded into libpounce_protocol.a, so
# a consumer of the installed library needs no llhttp.
#
# Result: target pounce_thirdparty_llhttp, Llhttp_VERSION, Llhttp_IS_PACKAGE (consumers then need
# find_package(llhttp) themselves; PounceConfig.cmake does it for them).

set(Llhttp_IS_PACKAGE OFF)
if(NOT TARGET pounce_thirdparty_llhttp)
  find_package(llhttp 9 CONFIG QUIET)
  foreach(_candidate llhttp::llhttp llhttp::llhttp_static llhttp::llhttp_shared)
    if(TARGET ${_candidate} AND NOT TARGET pounce_thirdparty_llhttp)
      add_library(pounce_thirdparty_llhttp INTERFACE)
      target_link_libraries(pounce_thirdparty_llhttp INTERFACE ${_candidate})
      set(Llhttp_IS_PACKAGE ON)
      set(Llhttp_TARGET ${_candidate})
      set(Llhttp_VERSION "${llhttp_VERSION}")
    endif()
  endforeach()
endif()

if(NOT TARGET pounce_thirdparty_llhttp)
  find_path(Llhttp_INCLUDE_DIR llhttp.h PATHS /usr/share/include /usr/include /usr/local/include
            PATH_SUFFIXES llhttp)
  find_path(Llhttp_SOURCE_DIR llhttp.c PATHS /usr/share /usr/local/share PATH_SUFFIXES llhttp)
  mark_as_advanced(Llhttp_INCLUDE_DIR Llhttp_SOURCE_DIR)
  if(Llhttp_INCLUDE_DIR AND Llhttp_SOURCE_DIR)
    foreach(_part MAJOR MINOR PATCH)
      file(STRINGS "${Llhttp_INCLUDE_DIR}/llhttp.h" _line REGEX "LLHTTP_VERSION_${_part} [0-9]+")
      string(REGEX REPLACE ".* ([0-9]+)$" "\\1" _${_part} "${_line}")
    endforeach()
    set(Llhttp_VERSION "${_MAJOR}.${_MINOR}.${_PATCH}")
    add_library(pounce_thirdparty_llhttp OBJECT
                ${Llhttp_SOURCE_DIR}/api.c ${Llhttp_SOURCE_DIR}/http.c ${Llhttp_SOURCE_DIR}/llhttp.c)
    target_include_directories(pounce_thirdparty_llhttp SYSTEM PUBLIC ${Llhttp_INCLUDE_DIR})
    target_compile_definitions(pounce_thirdparty_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
    target_compile_options(pounce_thirdparty_llhttp PRIVATE
                           -w -include ${CMAKE_CURRENT_LIST_DIR}/llhttp_quiet.h)
  endif()
endif()

include(FindPackageHandleStandardArgs)
if(TARGET pounce_thirdparty_llhttp)
  set(Llhttp_TARGET_FOUND ON)
endif()
find_package_handle_standard_args(Llhttp REQUIRED_VARS Llhttp_TARGET_FOUND
                                  VERSION_VAR Llhttp_VERSION
                                  REASON_FAILURE_MESSAGE "install node-llhttp (Debian) or llhttp 9")
