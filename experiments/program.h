#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <cxxopts.hpp>

namespace gyroseg {

/// A wrong command line; what() says what was expected.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr int kUserError = 2;  ///< exit status: the user's file or command line is wrong
inline constexpr int kFailure = 1;    ///< exit status: anything else
inline constexpr int kInterrupted = 130;  ///< exit status: stopped by Ctrl-C, so that scripts stop too

/// main() of a program: parses the command line, adds --help, and turns what `body`
/// throws into text on standard error and an exit status. Underscores in option names are read as dashes
/// (--num_viz is --num-viz); an argument that is no option is an error.
int run_program(cxxopts::Options options, int argc, char** argv,
                const std::function<int(const cxxopts::ParseResult&)>& body);

/// The value of a string option that must be one of `words`. Throws UsageError.
[[nodiscard]] std::string one_of(const cxxopts::ParseResult& arguments, const std::string& option,
                                 const std::vector<std::string>& words);

/// The value of an int option that must be `least` or more. Throws UsageError.
[[nodiscard]] int number_from(const cxxopts::ParseResult& arguments, const std::string& option, int least);

/// The value of --checkpoint, for `runs` of them: best | last or, of one run, a file. Throws UsageError.
[[nodiscard]] std::string checkpoint_for(const cxxopts::ParseResult& arguments, std::size_t runs);

}  // namespace gyroseg
