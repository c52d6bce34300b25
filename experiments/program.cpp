#include "program.h"

#include <exception>
#include <iostream>

#include <torch/types.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/training/checkpoint.h"
#include "gyroseg/training/out_of_memory.h"
#include "gyroseg/training/process_place.h"

namespace gyroseg {

int run_program(const std::string& name, const std::function<int()>& body) {
  const auto report = [&](const std::string& what, int status) {
    std::cerr << name << ": " << what << std::endl;
    return status;
  };
  try {
    return body();
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
  } catch (const std::exception& error) {
    const std::string advice = out_of_memory_advice(error);
    const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
    return report(!advice.empty()        ? advice
                  : of_torch != nullptr ? of_torch->what_without_backtrace()
                                        : error.what(),
                  kFailure);
  }
}

}  // namespace gyroseg
