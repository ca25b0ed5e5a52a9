# Installation: archives, headers, one CMake export and one pkg-config file per layer.
#
# Each layer is a component: find_package(Pounce COMPONENTS protocol) brings protocol and core, and
# looks for nothing that those two do not need.

include(CMakePackageConfigHelpers)

# The words a consumer of a static layer needs for its private third parties.
function(pounce_third_party_consumer party out_find out_pc)
  set(find)
  set(pc)
  if(party STREQUAL "llhttp")
    get_property(target GLOBAL PROPERTY POUNCE_LLHTTP_TARGET)
    if(target)
      set(find "find_dependency(llhttp)")
      set(pc libllhttp)
    endif()
  elseif(party STREQUAL "threads")
    set(find "find_dependency(Threads)")
  elseif(party STREQUAL "zlib")
    set(find "find_dependency(ZLIB)")
    set(pc zlib)
  elseif(party STREQUAL "openssl")
    set(find "find_dependency(OpenSSL)")
    set(pc openssl)
  elseif(party STREQUAL "nghttp2")
    set(find "if(NOT TARGET nghttp2::nghttp2)\n    add_library(nghttp2::nghttp2 INTERFACE IMPORTED)\n    set_target_properties(nghttp2::nghttp2 PROPERTIES INTERFACE_LINK_LIBRARIES \"${POUNCE_NGHTTP2_LINK}\")\n  endif()")
  elseif(party MATCHES "^(zstd|libdeflate)$")
    string(REGEX REPLACE "^zstd$" "libzstd" pc "${party}")
    set(find "find_dependency(PkgConfig)\npkg_check_modules(pounce_${party} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${pc})")
  endif()
  set(${out_find} "${find}" PARENT_SCOPE)
  set(${out_pc} "${pc}" PARENT_SCOPE)
endfunction()

function(pounce_install)
  set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Pounce)
  get_property(layers GLOBAL PROPERTY POUNCE_LIBRARIES)
  set(POUNCE_COMPONENT_CODE)
  # pkg-config files find their prefix from where they lie, so that an installation can be moved.
  file(RELATIVE_PATH PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  foreach(layer IN LISTS layers)
    install(TARGETS pounce_${layer} EXPORT Pounce_${layer}
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${layer}
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${layer}-runtime NAMELINK_COMPONENT ${layer}-link
            FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${layer})
    install(EXPORT Pounce_${layer} NAMESPACE Pounce:: FILE Pounce_${layer}.cmake
            DESTINATION ${cmake_dir} COMPONENT ${layer})

    get_property(uses GLOBAL PROPERTY POUNCE_USES_${layer})
    get_property(parties GLOBAL PROPERTY POUNCE_PARTIES_${layer})
    set(requires)
    set(requires_private)
    set(finds)
    foreach(used IN LISTS uses)
      list(APPEND requires pounce-${used})
    endforeach()
    foreach(party IN LISTS parties)
      pounce_third_party_consumer(${party} find pc)
      if(find)
        string(APPEND finds "  ${find}\n")
      endif()
      if(pc)
        list(APPEND requires_private ${pc})
      endif()
    endforeach()
    string(APPEND POUNCE_COMPONENT_CODE
           "set(_pounce_uses_${layer} ${uses})\nmacro(_pounce_find_${layer})\n${finds}endmacro()\n")

    list(JOIN requires " " PC_REQUIRES)
    list(JOIN requires_private " " PC_REQUIRES_PRIVATE)
    set(PC_NAME ${layer})
    get_target_property(type pounce_${layer} TYPE)
    set(PC_LIBS)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      set(PC_LIBS "-L\${libdir} -lpounce_${layer}")
      if("nghttp2" IN_LIST parties)
        string(APPEND PC_LIBS " ${POUNCE_NGHTTP2_LINK}")
      endif()
      if("threads" IN_LIST parties)
        string(APPEND PC_LIBS " -pthread")
      endif()
    endif()
    configure_file(${PROJECT_SOURCE_DIR}/cmake/pounce.pc.in
                   ${PROJECT_BINARY_DIR}/pkgconfig/pounce-${layer}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/pounce-${layer}.pc
            DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${layer})
  endforeach()
  list(JOIN layers " " POUNCE_COMPONENTS)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/PounceConfig.cmake.in
                                ${PROJECT_BINARY_DIR}/PounceConfig.cmake
                                INSTALL_DESTINATION ${cmake_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/PounceConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/PounceConfig.cmake
                ${PROJECT_BINARY_DIR}/PounceConfigVersion.cmake
          DESTINATION ${cmake_dir} COMPONENT core)
endfunction()
