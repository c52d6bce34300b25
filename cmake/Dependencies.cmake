# Every library the project uses, found once. scripts/setup installs them all.

# scripts/setup leaves LibTorch in a virtual environment of the project unless the user names one.
set(_venv_torch ${PROJECT_SOURCE_DIR}/.venv/lib/python3.11/site-packages/torch/share/cmake/Torch)
if(NOT Torch_DIR AND NOT DEFINED ENV{Torch_DIR} AND EXISTS ${_venv_torch})
  set(Torch_DIR ${_venv_torch} CACHE PATH "Folder of TorchConfig.cmake")
endif()
find_package(Torch REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(cxxopts REQUIRED)
find_package(PNG REQUIRED)
include(OpenCVModules)
find_package(Threads REQUIRED)
if(GYROSEG_TESTS)
  find_package(GTest REQUIRED)
  find_package(Boost REQUIRED)
endif()
if(GYROSEG_BENCH)
  find_package(benchmark REQUIRED)
endif()

# An ABI mismatch with LibTorch shows only when std::string crosses it: fail here, not at link time.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_INCLUDES ${TORCH_INCLUDE_DIRS})
set(CMAKE_REQUIRED_LIBRARIES ${TORCH_INSTALL_PREFIX}/lib/libc10.so)
check_cxx_source_compiles("
  #include <c10/util/Exception.h>
  int main() { return static_cast<int>(c10::str(std::string(\"abi\")).size()) - 3; }"
  GYROSEG_TORCH_ABI_MATCHES)
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT GYROSEG_TORCH_ABI_MATCHES)
  message(FATAL_ERROR "A program with LibTorch in ${Torch_DIR} does not compile and link. Use a "
                      "LibTorch built for this compiler's C++11 ABI, or let scripts/setup fetch one.")
endif()
