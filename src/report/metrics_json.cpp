#include "metrics_json.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"

namespace gyroseg {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json to_json(const LevelReport& level) {
  Json json;
  json["level"] = level.level;
  json["miou"] = to_json(level.miou);
  json["miou_without_background"] = to_json(level.miou_without_background);
  json["pixel_accuracy"] = to_json(level.pixel_accuracy);
  json["mean_class_accuracy"] = to_json(level.mean_class_accuracy);
  json["ece"] = to_json(level.ece);
  for (const auto& [name, value] : image_numbers(level)) {
    json[name] = to_json(value);
  }
  json["classes"] = Json::array();
  for (const ClassReport& cls : level.classes) {
    json["classes"].push_back({{"name", cls.name},
                               {"iou", to_json(cls.iou)},
                               {"accuracy", to_json(cls.accuracy)},
                               {"pixels", cls.pixels},
                               {"is_background", cls.is_background}});
    if (cls.undecided > 0) {
      json["classes"].back()["undecided"] = cls.undecided;
    }
  }
  return json;
}

Json to_json(const ModeReport& mode) {
  Json json;
  json["levels"] = Json::array();
  for (const LevelReport& level : mode.report.levels) {
    json["levels"].push_back(to_json(level));
  }
  json["decode"] = mode.mode;
  json["tree_distance_of_errors"] = to_json(mode.report.tree_distance_of_errors);
  json["consistency_violations"] = to_json(mode.report.consistency_violations);
  json["pixels"] = mode.report.pixels;
  return json;
}

// Reads the form that metrics_json writes; every message names the place inside the file.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(file_.string() + ": " + what + "; write the file anew with evaluate");
  }

  [[nodiscard]] const Json& at(const Json& json, const std::string& place,
                               const std::string& key) const {
    if (!json.is_object() || !json.contains(key)) {
      fail("expected the key " + place + key + ", found none");
    }
    return json.at(key);
  }

  [[nodiscard]] std::optional<double> share(const Json& json, const std::string& place,
                                            const std::string& key) const {
    const Json& value = at(json, place, key);
    if (!value.is_null() && !value.is_number()) {
      fail(place + key + ": expected a number or null, found " + value.dump());
    }
    return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
  }

  [[nodiscard]] std::int64_t count(const Json& json, const std::string& place,
                                   const std::string& key) const {
    const Json& value = at(json, place, key);
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
      fail(place + key + ": expected a count, found " + value.dump());
    }
    return value.get<std::int64_t>();
  }

  [[nodiscard]] const Json& array(const Json& json, const std::string& place,
                                  const std::string& key) const {
    const Json& value = at(json, place, key);
    if (!value.is_array()) {
      fail(place + key + ": expected a list, found " + value.type_name());
    }
    return value;
  }

  [[nodiscard]] ClassReport read_class(const Json& json, const std::string& place) const {
    ClassReport cls;
    const Json& name = at(json, place, "name");
    const Json& background = at(json, place, "is_background");
    if (!name.is_string() || !background.is_boolean()) {
      fail(place + "name, " + place + "is_background: expected a string and true or false, found " +
           name.dump() + " and " + background.dump());
    }
    cls.name = name.get<std::string>();
    cls.is_background = background.get<bool>();
    cls.iou = share(json, place, "iou");
    cls.accuracy = share(json, place, "accuracy");
    cls.pixels = count(json, place, "pixels");
    cls.undecided = json.contains("undecided") ? count(json, place, "undecided") : 0;
    return cls;
  }

  [[nodiscard]] LevelReport read_level(const Json& json, const std::string& place) const {
    LevelReport level;
    level.level = static_cast<int>(count(json, place, "level"));
    level.miou = share(json, place, "miou");
    level.miou_without_background = share(json, place, "miou_without_background");
    level.pixel_accuracy = share(json, place, "pixel_accuracy");
    level.mean_class_accuracy = share(json, place, "mean_class_accuracy");
    level.ece = share(json, place, "ece");
    for (const ImageFigure& figure : kImageFigures) {
      if (!json.contains(figure.name)) {
        continue;  // written by an earlier version
      }
      const std::optional<double> mean = share(json, place, figure.name);
      const std::optional<double> deviation = share(json, place, std::string(figure.name) + "_std");
      if (mean && deviation) {
        level.*figure.spread = ImageSpread{*mean, *deviation};
      }
    }
    const Json& classes = array(json, place, "classes");
    for (std::size_t c = 0; c < classes.size(); ++c) {
      level.classes.push_back(
          read_class(classes[c], place + "classes[" + std::to_string(c) + "]."));
    }
    return level;
  }

  [[nodiscard]] MetricsReport read_report(const Json& json, const std::string& where) const {
    MetricsReport report;
    const Json& levels = array(json, where, "levels");
    for (std::size_t k = 0; k < levels.size(); ++k) {
      const std::string place = where + "levels[" + std::to_string(k) + "].";
      report.levels.push_back(read_level(levels[k], place));
      if (report.levels.back().level != static_cast<int>(k) + 1) {
        fail(place + "level: expected " + std::to_string(k + 1) + ", found " +
             std::to_string(report.levels.back().level));
      }
    }
    report.tree_distance_of_errors = share(json, where, "tree_distance_of_errors");
    report.consistency_violations = share(json, where, "consistency_violations");
    report.pixels = count(json, where, "pixels");
    return report;
  }

 private:
  std::filesystem::path file_;
};

Json parsed(const std::filesystem::path& file, const Reader& reader) {
  const std::vector<std::uint8_t> bytes = read_bytes(file);
  try {
    return Json::parse(bytes.begin(), bytes.end());
  } catch (const Json::parse_error& error) {
    reader.fail("expected JSON, broken at byte " + std::to_string(error.byte) + " of " +
                std::to_string(bytes.size()));
  }
}

}  // namespace

std::string metrics_json(const std::vector<ModeReport>& modes, const MetricsContext& context) {
  Json json = to_json(modes.front());
  for (const auto& [key, value] : context) {
    TORCH_CHECK_VALUE(!json.contains(key) && key != "modes", "write_metrics: the context key \"",
                      key, "\" is a figure's");
    json[key] = value;
  }
  json["modes"] = Json::object();
  for (const ModeReport& mode : modes) {
    json["modes"][mode.mode] = to_json(mode);
  }
  // Bytes that are no UTF-8, in a user's class name or path, are replaced rather than thrown at.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

StoredEvaluation read_evaluation(const std::filesystem::path& file, const std::string& mode) {
  const Reader reader(file);
  const Json json = parsed(file, reader);
  StoredEvaluation result;
  if (mode.empty()) {
    result.report = reader.read_report(json, "");
  } else {
    const Json& modes = reader.at(json, "", "modes");
    if (!modes.is_object() || !modes.contains(mode)) {
      std::string there;
      for (const auto& [name, figures] : modes.items()) {
        there += (there.empty() ? "" : ", ") + name;
      }
      reader.fail("expected the decode mode " + mode + ", found " + there);
    }
    result.report = reader.read_report(modes.at(mode), "modes." + mode + ".");
  }
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) {
      result.context[key] = value.get<std::string>();
    }
  }
  result.mode = mode.empty() ? result.context["decode"] : mode;
  return result;
}

MetricsReport read_metrics(const std::filesystem::path& file) {
  return read_evaluation(file).report;
}

}  // namespace gyroseg
