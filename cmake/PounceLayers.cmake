# The layers of Pounce: which layer may use which, and which third party may stand behind it.
#
# This table is the law: configuration stops at an edge it does not name. `pounce_check_edge`
# is asked for every USES and THIRD_PARTY; `pounce_check_layers`, at the end of configuration,
# looks again at what every layer really links, so that a plain target_link_libraries() cannot
# go around it. tests/audit reads the same rules from the #include lines.

set(POUNCE_LAYERS core protocol compression events app server tls posix program runtime_sync
                  runtime_async)

set(POUNCE_MAY_USE_core)
set(POUNCE_MAY_USE_protocol core)
set(POUNCE_MAY_USE_compression core)
set(POUNCE_MAY_USE_events core)
set(POUNCE_MAY_USE_app core events)
set(POUNCE_MAY_USE_server core protocol compression events app)
set(POUNCE_MAY_USE_tls core)
set(POUNCE_MAY_USE_posix ${POUNCE_MAY_USE_server} server tls)
set(POUNCE_MAY_USE_program ${POUNCE_MAY_USE_posix} posix)
# Neither runtime may ever use the other; only the program pounce-sync knows both.
set(POUNCE_MAY_USE_runtime_sync ${POUNCE_MAY_USE_posix} posix)
set(POUNCE_MAY_USE_runtime_async ${POUNCE_MAY_USE_posix} posix)

set(POUNCE_THIRD_PARTY_core)
set(POUNCE_THIRD_PARTY_protocol llhttp nghttp2)
set(POUNCE_THIRD_PARTY_compression zlib zstd libdeflate)
set(POUNCE_THIRD_PARTY_events)
set(POUNCE_THIRD_PARTY_app)
set(POUNCE_THIRD_PARTY_server)
set(POUNCE_THIRD_PARTY_tls openssl)
set(POUNCE_THIRD_PARTY_posix dl threads)
set(POUNCE_THIRD_PARTY_program cli11 toml++)
set(POUNCE_THIRD_PARTY_runtime_sync threads)
set(POUNCE_THIRD_PARTY_runtime_async threads)

# The one spelling of a third party, whichever way its target is written.
function(pounce_third_party_name target out)
  string(TOLOWER "${target}" name)
  string(REGEX REPLACE "^(pkgconfig::pounce_|pounce_thirdparty_)" "" name "${name}")
  string(REGEX REPLACE "::.*$" "" name "${name}")
  if(name STREQUAL "tomlplusplus")
    set(name "toml++")
  elseif(name STREQUAL "${CMAKE_DL_LIBS}")
    set(name "dl")
  endif()
  set(${out} "${name}" PARENT_SCOPE)
endfunction()

# Stops unless layer `from` may use layer or third party `to`.
function(pounce_check_edge from to)
  if(NOT from IN_LIST POUNCE_LAYERS)
    message(FATAL_ERROR "Pounce layers: '${from}' is not a layer (${POUNCE_LAYERS})")
  endif()
  if(to IN_LIST POUNCE_LAYERS)
    if(NOT to IN_LIST POUNCE_MAY_USE_${from})
      message(FATAL_ERROR "Pounce layers: '${from}' may not use '${to}' "
                          "(it may use: ${POUNCE_MAY_USE_${from}}; see cmake/PounceLayers.cmake)")
    endif()
    return()
  endif()
  pounce_third_party_name("${to}" name)
  if(NOT name IN_LIST POUNCE_THIRD_PARTY_${from})
    message(FATAL_ERROR "Pounce layers: '${from}' may not use third party '${to}' "
                        "(it may use: ${POUNCE_THIRD_PARTY_${from}}; see cmake/PounceLayers.cmake)")
  endif()
endfunction()

# Checks what every layer links in the end, however it came there.
function(pounce_check_layers)
  foreach(layer IN LISTS POUNCE_LAYERS)
    if(NOT TARGET pounce_${layer})
      continue()
    endif()
    set(edges)
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(libraries pounce_${layer} ${property})
      if(libraries)
        list(APPEND edges ${libraries})
      endif()
    endforeach()
    list(REMOVE_DUPLICATES edges)
    foreach(edge IN LISTS edges)
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" edge "${edge}")
      if(edge STREQUAL "pounce_flags" OR edge STREQUAL "$<BUILD_INTERFACE:pounce_flags>"
         OR edge MATCHES "^::@")
        continue()
      endif()
      string(REGEX REPLACE "^(Pounce::|pounce_)([a-z_]+)$" "\\2" edge "${edge}")
      pounce_check_edge(${layer} "${edge}")
    endforeach()
  endforeach()
endfunction()
