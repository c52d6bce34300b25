#include "program.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <iterator>

#include <c10/util/StringUtil.h>
#include <torch/types.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/training/checkpoint.h"
#include "gyroseg/training/out_of_memory.h"
#include "gyroseg/training/process_place.h"

namespace gyroseg {
namespace {

cxxopts::ParseResult parse(cxxopts::Options& options, int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  for (auto argument = arguments.begin(); argument != arguments.end() && *argument != "--"; ++argument) {
    if (argument->starts_with("--")) {
      std::replace(argument->begin(), std::find(argument->begin(), argument->end(), '='), '_', '-');
    }
  }
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(argument.c_str());
  }
  try {
    return options.parse(argc, pointers.data());
  } catch (const cxxopts::exceptions::incorrect_argument_type& error) {
    // It names the value, not the option.
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
      const bool here = argument->starts_with("--") && argument->find('=') != std::string::npos;
      const std::string value = here ? argument->substr(argument->find('=') + 1) : *argument;
      const auto& option = here || argument == arguments.begin() ? *argument : *std::prev(argument);
      if (option.starts_with("-") && std::string(error.what()).find("\u2018" + value + "\u2019") != std::string::npos) {
        throw UsageError(option.substr(0, option.find('=')) + ": expected another kind of value, such as a number, got " + value);
      }
    }
    throw;
  }
}

}  // namespace

int run_program(cxxopts::Options options, int argc, char** argv,
                const std::function<int(const cxxopts::ParseResult&)>& body) {
  const std::string name = options.program();
  options.add_options()("h,help", "print this help");
  const auto report = [&](const std::string& what, int status) {
    std::cerr << name << ": " << what << std::endl;
    return status;
  };
  try {
    const cxxopts::ParseResult arguments = parse(options, argc, argv);
    if (arguments.count("help") > 0) {
      std::cout << options.help();
      return 0;
    }
    if (!arguments.unmatched().empty()) {
      throw UsageError("unexpected argument " + arguments.unmatched().front());
    }
    return body(arguments);
  } catch (const cxxopts::exceptions::exception& error) {
    return report(std::string(error.what()) + "; see " + name + " --help", kUserError);
  } catch (const UsageError& error) {
    return report(std::string(error.what()) + "; see " + name + " --help", kUserError);
  } catch (const ConfigError& error) {
    return report(error.what(), kUserError);
  } catch (const HierarchyError& error) {
    return report(error.what(), kUserError);
  } catch (const DataError& error) {
    return report(error.what(), kUserError);
  } catch (const WeightsError& error) {
    return report(error.what(), kUserError);
  } catch (const CheckpointError& error) {
    return report(error.what(), kUserError);
  } catch (const LaunchError& error) {
    return report(error.what(), kUserError);
  } catch (const std::filesystem::filesystem_error& error) {
    return report(error.path1().string() + ": " + error.code().message(), kUserError);
  } catch (const std::exception& error) {
    const std::string advice = out_of_memory_advice(error);
    const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
    return report(!advice.empty()        ? advice
                  : of_torch != nullptr ? of_torch->what_without_backtrace()
                                        : error.what(),
                  kFailure);
  }
}

std::string one_of(const cxxopts::ParseResult& arguments, const std::string& option,
                   const std::vector<std::string>& words) {
  const std::string value = arguments[option].as<std::string>();
  if (std::find(words.begin(), words.end(), value) == words.end()) {
    throw UsageError("--" + option + ": expected " + c10::Join(" | ", words) + ", got " + value);
  }
  return value;
}

int number_from(const cxxopts::ParseResult& arguments, const std::string& option, int least) {
  const int value = arguments[option].as<int>();
  if (value < least) {
    throw UsageError("--" + option + ": expected a number from " + std::to_string(least) + ", got " +
                     std::to_string(value));
  }
  return value;
}

std::string checkpoint_for(const cxxopts::ParseResult& arguments, std::size_t runs) {
  const std::string choice = arguments["checkpoint"].as<std::string>();
  if (runs > 1 && choice != "best" && choice != "last") {
    throw UsageError("--checkpoint: expected best | last where there are several runs, got " + choice +
                     ", the weights of one of them");
  }
  return choice;
}

}  // namespace gyroseg
