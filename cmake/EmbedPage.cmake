# Writes OUTPUT, a C++ file that holds the report page of FOLDER: template.html, page.css, and the scripts
# MODULES (a list, each after what it imports) joined to one, without their imports and exports.
#   cmake -DFOLDER=DIR -DMODULES=a,b -DOUTPUT=FILE -P EmbedPage.cmake
string(REPLACE "," ";" modules "${MODULES}")
set(script "")
foreach(module IN LISTS modules)
  file(READ ${FOLDER}/${module}.mjs text)
  set(text "\n${text}")
  string(REGEX REPLACE "\nimport [^;]*;" "" text "${text}")
  string(REPLACE "\nexport " "\n" text "${text}")
  string(APPEND script "${text}")
endforeach()
if(script MATCHES "\n(import|export) ")
  message(FATAL_ERROR "a script in ${FOLDER} has an import or export that this file does not take away")
endif()
file(READ ${FOLDER}/template.html template)
file(READ ${FOLDER}/page.css style)

set(code "// Made by cmake/EmbedPage.cmake from ${FOLDER}.\n#include \"report/page_parts.h\"\n\nnamespace gyroseg {\n")
foreach(part template style script)
  string(APPEND code "\nconst char* const page_${part} = R\"~page~(${${part}})~page~\";\n")
endforeach()
string(APPEND code "\n}  // namespace gyroseg\n")
file(WRITE ${OUTPUT} "${code}")
