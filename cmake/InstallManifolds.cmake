# `cmake --install build --prefix PREFIX`: the library, its public headers (include "manifolds/NAME.h")
# and a package that find_package(gyroseg COMPONENTS manifolds) finds below PREFIX.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(_headers ${CMAKE_INSTALL_INCLUDEDIR}/gyroseg)
set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/gyroseg)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME manifolds)

# The library finds LibTorch where it was built; a consumer's own rpath comes first.
set_target_properties(gyroseg_manifolds PROPERTIES
  EXPORT_NAME manifolds INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS gyroseg_manifolds EXPORT gyrosegTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${_headers})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/manifolds DESTINATION ${_headers}
        FILES_MATCHING PATTERN "*.h" PATTERN kernels EXCLUDE)

install(EXPORT gyrosegTargets NAMESPACE gyroseg:: DESTINATION ${_package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/gyrosegConfig.cmake.in
  ${CMAKE_BINARY_DIR}/gyrosegConfig.cmake INSTALL_DESTINATION ${_package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/gyrosegConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/gyrosegConfig.cmake ${CMAKE_BINARY_DIR}/gyrosegConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/LibTorch.cmake DESTINATION ${_package})
