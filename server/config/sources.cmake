# Sources of the configuration, a part of the layer `server`. Headers are relative to
# POUNCE_CONFIG_INCLUDE; sources are whole paths.
set(POUNCE_CONFIG_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/include)
set(POUNCE_CONFIG_HEADERS
  pounce/config/bind_address.hpp
  pounce/config/config.hpp
  pounce/config/named_certificate.hpp
  pounce/config/option_list.hpp
  pounce/config/option_table.hpp
  pounce/config/request_rate.hpp
  pounce/config/setting.hpp
  pounce/config/static_mount.hpp)
set(POUNCE_CONFIG_SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/bind_address.cpp
  ${CMAKE_CURRENT_LIST_DIR}/completions.cpp
  ${CMAKE_CURRENT_LIST_DIR}/compression.cpp
  ${CMAKE_CURRENT_LIST_DIR}/defaults.cpp
  ${CMAKE_CURRENT_LIST_DIR}/environment.cpp
  ${CMAKE_CURRENT_LIST_DIR}/freeze.cpp
  ${CMAKE_CURRENT_LIST_DIR}/man_pages.cpp
  ${CMAKE_CURRENT_LIST_DIR}/manual.cpp
  ${CMAKE_CURRENT_LIST_DIR}/named_certificate.cpp
  ${CMAKE_CURRENT_LIST_DIR}/option_table.cpp
  ${CMAKE_CURRENT_LIST_DIR}/print.cpp
  ${CMAKE_CURRENT_LIST_DIR}/schema.cpp
  ${CMAKE_CURRENT_LIST_DIR}/setting.cpp
  ${CMAKE_CURRENT_LIST_DIR}/static_mount.cpp)
