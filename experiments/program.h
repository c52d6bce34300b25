#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <cxxopts.hpp>

namespace gyroseg {

/// A wrong command line; what() says what was expected.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr int kUserError = 2;  ///< exit status: the user's file or command line is wrong
inline constexpr int kFailure = 1;    ///< exit status: anything else

/// Runs a program's body and turns what it throws into text on standard error and an exit status.
int run_program(const std::string& name, const std::function<int()>& body);

}  // namespace gyroseg
