#pragma once

namespace gyroseg {

// What the report page is made of, from src/report/page at build time (cmake/EmbedPage.cmake).
extern const char* const page_template;  // with {{title}}, {{style}}, {{contents}}, {{sections}}, {{data}}, {{script}}
extern const char* const page_style;
extern const char* const page_script;

}  // namespace gyroseg
