# How every own target is built: strict warnings, ccache, precompiled headers, one library an area.

find_program(GYROSEG_CCACHE ccache)
if(GYROSEG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache accepts precompiled headers only with these liberties; without its depend mode every miss
  # would read the large precompiled header twice.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_DEPEND=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${GYROSEG_CCACHE})
endif()

# The two exceptions are false alarms of GCC 12 on "text" + std::string (its bug 105651).
function(gyroseg_strict target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Werror
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-restrict>
                         $<$<BOOL:${GYROSEG_CCACHE}>:-fpch-preprocess>)
endfunction()

# Two precompiled headers, since reading one costs every file: `types` (tensors and autograd, 3 s a file)
# and `torch` (torch::nn and torch::optim too, 7 s). Files without tensors need none.
function(gyroseg_pch kind)
  add_library(gyroseg_pch_${kind} STATIC ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
  target_link_libraries(gyroseg_pch_${kind} PUBLIC torch)
  gyroseg_strict(gyroseg_pch_${kind})
  target_precompile_headers(gyroseg_pch_${kind} PRIVATE ${ARGN})
endfunction()

function(gyroseg_use_pch target kind)
  if(NOT kind STREQUAL none)
    target_precompile_headers(${target} REUSE_FROM gyroseg_pch_${kind})
  endif()
endfunction()

# One static library from src/<area>/*.cpp with the headers include/gyroseg/<area>/*.h. DEPENDS names
# other areas: a link that fails here is an arrow that points the wrong way. PCH: none | types | torch.
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

gyroseg_pch(types <torch/types.h> <torch/utils.h> <torch/csrc/autograd/autograd.h>
            <torch/csrc/autograd/custom_function.h>)
gyroseg_pch(torch <torch/torch.h>)
