# Training in several processes uses LibTorch's own gloo (c10d::ProcessGroupGloo), whose headers name
# gloo's. LibTorch does not ship those; Debian's libgloo-dev does. Only headers are used: gloo's code is
# inside libtorch_cpu, and no object of gloo is laid out by our compiler.
find_path(GYROSEG_GLOO_INCLUDE gloo/rendezvous/store.h DOC "Folder of gloo/rendezvous/store.h")
set(_c10d ${TORCH_INSTALL_PREFIX}/include/torch/csrc/distributed/c10d/ProcessGroupGloo.hpp)
if(GYROSEG_GLOO_INCLUDE AND EXISTS ${_c10d})
  set(GYROSEG_GLOO ON)
  message(STATUS "Several processes: yes (gloo headers in ${GYROSEG_GLOO_INCLUDE})")
else()
  set(GYROSEG_GLOO OFF)
  message(STATUS "Several processes: no; gloo/rendezvous/store.h (Debian: libgloo-dev) or LibTorch's "
                 "ProcessGroupGloo.hpp is missing")
endif()
