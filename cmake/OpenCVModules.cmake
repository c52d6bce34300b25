# Debian's OpenCVConfig.cmake comes only with libopencv-dev, which installs every module with Qt, VTK and
# GDAL's development files. Three modules are used here, so they are found one by one.
find_package(OpenCV QUIET COMPONENTS core imgcodecs imgproc)
if(NOT OpenCV_FOUND)
  find_path(GYROSEG_OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
  foreach(module core imgproc imgcodecs)
    find_library(GYROSEG_OPENCV_${module} opencv_${module} REQUIRED)
    add_library(opencv_${module} UNKNOWN IMPORTED)
    set_target_properties(opencv_${module} PROPERTIES
      IMPORTED_LOCATION ${GYROSEG_OPENCV_${module}}
      INTERFACE_INCLUDE_DIRECTORIES ${GYROSEG_OPENCV_INCLUDE})
  endforeach()
endif()
