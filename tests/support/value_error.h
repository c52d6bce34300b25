#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <functional>
#include <string>

namespace gyroseg::testing {

/// f must throw c10::ValueError whose message contains `part`, usually the offending value.
inline void expect_value_error(const std::function<void()>& f, const std::string& part) {
  try {
    f();
    ADD_FAILURE() << "no error, expected one with: " << part;
  } catch (const c10::ValueError& e) {
    EXPECT_THAT(e.what_without_backtrace(), ::testing::HasSubstr(part));
  }
}

}  // namespace gyroseg::testing
