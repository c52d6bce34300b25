# LibTorch as the imported target `torch`. TorchConfig.cmake is used only to find the folder: for a CUDA
# build, such as the one pip installs by default, it demands a CUDA toolkit, which only device code needs.
# Installed too, for gyrosegConfig.cmake, which hints at the LibTorch of the build (GYROSEG_TORCH_HINT).
if(TARGET torch)
  return()
endif()

file(GLOB _own_torch ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/share/cmake/Torch)
if(NOT Torch_DIR AND DEFINED ENV{Torch_DIR})
  set(Torch_DIR $ENV{Torch_DIR} CACHE PATH "Folder of TorchConfig.cmake")
endif()
find_path(Torch_DIR TorchConfig.cmake HINTS ${_own_torch} ${GYROSEG_TORCH_HINT} PATH_SUFFIXES share/cmake/Torch
          DOC "Folder of TorchConfig.cmake")
if(NOT EXISTS "${Torch_DIR}/TorchConfig.cmake")
  message(FATAL_ERROR "LibTorch not found: set Torch_DIR to the folder of its TorchConfig.cmake. In "
                      "gyroseg's own tree scripts/setup fetches one.")
endif()
get_filename_component(TORCH_INSTALL_PREFIX "${Torch_DIR}/../../.." ABSOLUTE)
message(STATUS "LibTorch: ${TORCH_INSTALL_PREFIX}")

set(TORCH_INCLUDE_DIRS ${TORCH_INSTALL_PREFIX}/include
    ${TORCH_INSTALL_PREFIX}/include/torch/csrc/api/include)
set(_libraries c10 torch_cpu torch)
if(EXISTS ${TORCH_INSTALL_PREFIX}/lib/libtorch_cuda.so)
  list(APPEND _libraries c10_cuda torch_cuda)
endif()
list(TRANSFORM _libraries REPLACE "(.+)" "${TORCH_INSTALL_PREFIX}/lib/lib\\1.so")
# at::parallel_for is a template: in code compiled without OpenMP it is a serial loop, silently.
find_package(OpenMP REQUIRED COMPONENTS CXX)
add_library(torch INTERFACE IMPORTED)
set_target_properties(torch PROPERTIES
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${TORCH_INCLUDE_DIRS}"
  INTERFACE_INCLUDE_DIRECTORIES "${TORCH_INCLUDE_DIRS}"
  # Operators register when their library is loaded: it must be, though no symbol of it is named.
  INTERFACE_LINK_LIBRARIES "-Wl,--push-state,--no-as-needed;${_libraries};-Wl,--pop-state;OpenMP::OpenMP_CXX")

# An ABI mismatch with LibTorch shows only when std::string crosses it: fail here, not at link time.
include(CheckCXXSourceCompiles)
include(CMakePushCheckState)
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_INCLUDES ${TORCH_INCLUDE_DIRS})
set(CMAKE_REQUIRED_LIBRARIES ${TORCH_INSTALL_PREFIX}/lib/libc10.so)
check_cxx_source_compiles("
  #include <c10/util/Exception.h>
  int main() { return static_cast<int>(c10::str(std::string(\"abi\")).size()) - 3; }"
  GYROSEG_TORCH_ABI_MATCHES)
cmake_pop_check_state()
if(NOT GYROSEG_TORCH_ABI_MATCHES)
  message(FATAL_ERROR "A program with LibTorch in ${TORCH_INSTALL_PREFIX} does not compile and link. Use "
                      "a LibTorch built for this compiler's C++11 ABI.")
endif()
