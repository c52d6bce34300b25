# How every own target is built: strict warnings, ccache, precompiled headers, one library an area.

# One set of options for all, so that all can share precompiled headers. Position independent, as the
# shared libraries must be; calls between own functions stay inlinable. No code here reads errno or
# floating-point traps after mathematics, so loops may vectorise; NaN and infinities stay as written.
add_compile_options(-fPIC -fno-semantic-interposition -fno-math-errno -fno-trapping-math)

# Every file that sees LibTorch's headers instantiates their templates anew, 2 to 3 s. Eight at a time, a
# build from nothing takes a third of the time; names in unnamed namespaces are unique in their folder for
# it. OFF is quicker for editing one file again and again, and shows missing includes (presets).
option(GYROSEG_UNITY "Compile several files as one" ON)
set(CMAKE_UNITY_BUILD ${GYROSEG_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

find_program(GYROSEG_CCACHE ccache)
if(GYROSEG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache accepts precompiled headers only with these liberties; without its depend mode every miss
  # would read the large precompiled header twice, and without a checksum beside it once (0.6 GB).
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_PCH_EXTSUM=1 ${GYROSEG_CCACHE})
endif()

# The two exceptions are false alarms of GCC 12 on "text" + std::string (its bug 105651).
function(gyroseg_strict target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Werror
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-restrict>
                         $<$<BOOL:${GYROSEG_CCACHE}>:-fpch-preprocess>)
endfunction()

# A precompiled header KIND: `torch` (tensors, autograd, modules; 2 s a file, where all of torch/torch.h
# would cost 3.5 s) or `test` (that and GoogleTest). Files without tensors need none.
function(gyroseg_pch kind)
  cmake_parse_arguments(ARG "" "" "OPTIONS;HEADERS" ${ARGN})
  add_library(gyroseg_pch_${kind} STATIC ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(gyroseg_pch_${kind} PUBLIC torch)
  target_compile_options(gyroseg_pch_${kind} PRIVATE ${ARG_OPTIONS})
  gyroseg_strict(gyroseg_pch_${kind})
  target_precompile_headers(gyroseg_pch_${kind} PRIVATE ${ARG_HEADERS})
  set(header ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/gyroseg_pch_${kind}.dir/cmake_pch.hxx.gch)
  add_custom_command(TARGET gyroseg_pch_${kind} POST_BUILD VERBATIM
                     COMMAND sh -c "sha256sum < $1 > $1.sum" sh ${header})
endfunction()

function(gyroseg_use_pch target kind)
  if(NOT kind STREQUAL none)
    target_precompile_headers(${target} REUSE_FROM gyroseg_pch_${kind})
  endif()
endfunction()

# One static library from src/<area>/*.cpp with the headers include/gyroseg/<area>/*.h. DEPENDS names
# other areas: a link that fails here is an arrow that points the wrong way. PCH: none | torch | test.
function(gyroseg_area area)
  cmake_parse_arguments(ARG "" "PCH" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${area}/*.cpp)
  set(target gyroseg_${area})
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  list(TRANSFORM ARG_DEPENDS PREPEND gyroseg_ OUTPUT_VARIABLE areas)
  target_link_libraries(${target} PUBLIC torch ${areas} PRIVATE ${ARG_LIBRARIES})
  gyroseg_strict(${target})
  gyroseg_use_pch(${target} ${ARG_PCH})
endfunction()

function(gyroseg_binary name)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND gyroseg_ OUTPUT_VARIABLE areas)
  target_link_libraries(${name} PRIVATE torch ${areas} ${ARG_LIBRARIES})
  gyroseg_strict(${name})
  gyroseg_use_pch(${name} ${ARG_PCH})
endfunction()

set(GYROSEG_TORCH_HEADERS <torch/types.h> <torch/utils.h> <torch/csrc/autograd/autograd.h>
    <torch/csrc/autograd/custom_function.h> <torch/nn/module.h> <torch/nn/pimpl.h>
    <torch/optim/optimizer.h> <torch/serialize/archive.h>)
gyroseg_pch(torch HEADERS ${GYROSEG_TORCH_HEADERS})
