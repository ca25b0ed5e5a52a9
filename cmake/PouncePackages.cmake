# Debian packages by CPack (scripts/package): what is in which. The shared libraries come from a second build, configured with
# POUNCE_SHARED, in POUNCE_SHARED_BUILD; all else from this one.

set(POUNCE_SHARED_BUILD "" CACHE PATH "Build folder of the shared libraries that are packaged")
set(packaging ${PROJECT_SOURCE_DIR}/packaging)
get_property(soversion GLOBAL PROPERTY POUNCE_SOVERSION)

# --- what only packages have ---
install(FILES ${packaging}/pounce-async.service ${packaging}/pounce-async.socket ${packaging}/pounce-sync.service
              ${packaging}/pounce-sync.socket
        DESTINATION lib/systemd/system COMPONENT programs)
install(FILES ${packaging}/pounce.sysusers DESTINATION lib/sysusers.d RENAME pounce.conf COMPONENT programs)
install(FILES ${packaging}/pounce-async.toml ${packaging}/pounce-sync.toml DESTINATION /etc/pounce COMPONENT programs)
install(FILES ${packaging}/pounce.logrotate DESTINATION /etc/logrotate.d RENAME pounce-server COMPONENT programs)
foreach(folder docs examples)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION share/doc/pounce-doc COMPONENT documents
          PATTERN "CMakeLists.txt" EXCLUDE PATTERN "Doxyfile.in" EXCLUDE PATTERN "mkdocs.yml" EXCLUDE)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/SECURITY.md DESTINATION share/doc/pounce-doc COMPONENT documents)

# --- names ---
set(protocol_package libpounce-protocol${soversion})
set(compression_package libpounce-compression${soversion})
set(group_package_protocol ${protocol_package})
set(group_package_compression ${compression_package})
set(group_package_dev libpounce-dev)
set(group_package_server pounce-server)
set(group_package_doc pounce-doc)

# --- what Debian wants of each: a copyright, a changelog, manual pages compressed ---
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # that of SOURCE_DATE_EPOCH, if it is set
configure_file(${packaging}/changelog.in ${PROJECT_BINARY_DIR}/packaging/changelog @ONLY)
find_program(POUNCE_GZIP gzip REQUIRED)
mark_as_advanced(POUNCE_GZIP)
execute_process(COMMAND ${POUNCE_GZIP} -9nkf changelog WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/packaging COMMAND_ERROR_IS_FATAL ANY)
foreach(pair protocol:protocol-package compression:compression-package dev:core server:programs doc:documents)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 group)
  list(GET pair 1 component)
  set(folder share/doc/${group_package_${group}})
  install(FILES ${packaging}/copyright DESTINATION ${folder} COMPONENT ${component})
  install(FILES ${PROJECT_BINARY_DIR}/packaging/changelog.gz DESTINATION ${folder} RENAME changelog.gz COMPONENT ${component})
  if(EXISTS ${packaging}/${group}.lintian)
    install(FILES ${packaging}/${group}.lintian DESTINATION share/lintian/overrides
            RENAME ${group_package_${group}} COMPONENT ${component})
  endif()
endforeach()
install(CODE "file(GLOB pages \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/man/man*/*.[157]\")
  foreach(page IN LISTS pages)
    execute_process(COMMAND ${POUNCE_GZIP} -9nf \${page} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()" COMPONENT programs)

# --- CPack ---
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pounce)
set(CPACK_PACKAGE_VENDOR Pounce)
set(CPACK_PACKAGE_CONTACT "Pounce maintainers <maintainers@pounce.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SECTION libs)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};Pounce;ALL;/")
if(POUNCE_SHARED_BUILD)
  list(APPEND CPACK_INSTALL_CMAKE_PROJECTS "${POUNCE_SHARED_BUILD};Pounce;ALL;/")
endif()
get_property(layers GLOBAL PROPERTY POUNCE_LIBRARIES)
set(CPACK_COMPONENTS_ALL ${layers} programs documents protocol-package compression-package core-runtime protocol-runtime
                         compression-runtime core-link protocol-link compression-link)

set(CPACK_DEBIAN_PROTOCOL_DESCRIPTION "HTTP for C++ without I/O: shared library of the protocols
 HTTP/1.1, HTTP/2 and WebSocket as machines: bytes and time go in, typed
 events and bytes come out. No socket, thread or clock comes with them.")
set(CPACK_DEBIAN_COMPRESSION_DESCRIPTION "HTTP for C++ without I/O: shared library of the content codings
 gzip, deflate and zstd, streamed and whole, with decoders under caps, and
 the negotiation of RFC 9110.")
set(CPACK_DEBIAN_DEV_DESCRIPTION "HTTP for C++ without I/O: headers and libraries
 What an application for pounce-async or pounce-sync is compiled with, and
 the libraries for programs of one's own, as archives; those of the protocols
 and content codings as shared libraries, too.")
set(CPACK_DEBIAN_SERVER_DESCRIPTION "HTTP server for C++ applications and files
 pounce-async (reactors that never block) and pounce-sync (blocking workers)
 serve an application, which is a shared library, or a directory over
 HTTP/1.1 and HTTP/2, in the clear and over TLS.")
set(CPACK_DEBIAN_DOC_DESCRIPTION "HTTP for C++ without I/O: documentation and examples
 How to write applications, run the servers and embed the protocols, and the
 programs that these pages speak of.")

set(dpkg_version "${PROJECT_VERSION}")
set(CPACK_DEBIAN_PROTOCOL_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
# CPack would write no trigger, and shlibs for one library only.
foreach(group protocol compression)
  string(TOUPPER ${group} GROUP)
  set(libraries ${group})
  if(group STREQUAL "protocol")
    list(PREPEND libraries core)
  endif()
  set(control ${PROJECT_BINARY_DIR}/packaging/${group})
  file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
  file(WRITE ${control}/shlibs "")
  foreach(library IN LISTS libraries)
    file(APPEND ${control}/shlibs "libpounce_${library} ${soversion} ${${group}_package}\n")
  endforeach()
  set(CPACK_DEBIAN_${GROUP}_PACKAGE_CONTROL_EXTRA ${control}/triggers ${control}/shlibs)
endforeach()
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${POUNCE_SHARED_BUILD}/protocol/core ${POUNCE_SHARED_BUILD}/protocol)
set(CPACK_DEBIAN_COMPRESSION_PACKAGE_DEPENDS "${protocol_package} (= ${dpkg_version})")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "${protocol_package} (= ${dpkg_version}), ${compression_package} (= ${dpkg_version}), libnghttp2-dev, zlib1g-dev, libzstd-dev, libdeflate-dev, libssl-dev")
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_DOC_PACKAGE_SECTION doc)
set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "pounce-doc, libpounce-dev, logrotate")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${packaging}/conffiles ${packaging}/postinst ${packaging}/prerm ${packaging}/postrm)
foreach(group protocol compression dev server doc)
  string(TOUPPER ${group} GROUP)
  set(CPACK_DEBIAN_${GROUP}_PACKAGE_NAME ${group_package_${group}})
endforeach()

include(CPack)
foreach(group protocol compression dev server doc)
  cpack_add_component_group(${group})
endforeach()
foreach(layer IN LISTS layers)
  cpack_add_component(${layer} GROUP dev)
endforeach()
cpack_add_component(programs GROUP server)
cpack_add_component(documents GROUP doc)
foreach(layer core protocol compression)
  cpack_add_component(${layer}-link GROUP dev)
endforeach()
cpack_add_component(core-runtime GROUP protocol)
cpack_add_component(protocol-runtime GROUP protocol)
cpack_add_component(protocol-package GROUP protocol)
cpack_add_component(compression-runtime GROUP compression)
cpack_add_component(compression-package GROUP compression)
