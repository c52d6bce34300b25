#include "seghiero.h"

#include <filesystem>
#include <regex>
#include <system_error>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

// What SegHiero's train.py fixes, whatever its config says.
constexpr const char* kFixed = R"(
model: {output_stride: 8, aspp_channels: 512, low_level_channels: 48, decoder_channels: 512,
        projection: convmlp, projection_input: encoder, auxiliary_weight: 0.4,
        auxiliary_head: conv_relu}
embedding: {space: sphere, dim: 256}
classifier: {input: features, nodes: all}
optimizer: {name: sgd, momentum: 0.9, weight_decay: 1.0e-4}
schedule: {name: constant}
training: {drop_last: false, best: val_loss, link_best: true}
decode: [level_head, leaf_argmax]
)";

// weights/ENCODER.safetensors; where that is missing and one weights/ENCODER-*.pth is there, as torchvision
// names its files, that one.
std::string weights_of(const std::string& encoder) {
  namespace fs = std::filesystem;
  const std::string usual = "weights/" + encoder + ".safetensors";
  std::vector<std::string> downloaded;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("weights", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(encoder + "-") && name.ends_with(".pth")) {
      downloaded.push_back(entry.path().string());
    }
  }
  return downloaded.size() == 1 && !fs::exists(usual, error) ? downloaded[0] : usual;
}

struct Rename {
  std::string from;
  std::string to;
};

class Mapper {
 public:
  Mapper(const Value& root, ReadContext& context)
      : root_(root), problems_(context.problems), context_(context) {}

  Value map() {
    result_ = parse_yaml(kFixed, root_.place.text, root_.place.source, problems_);
    set_place(result_, root_.place);
    map_dataset();
    map_model();
    map_training();
    copy("transform", {{"resize", "data.image_size"}, {"hflip_prob", "data.augment.flip"}});
    copy("output", {{"checkpoint_dir", "output_dir"}, {"project_name", "name"}});
    const Value& classes = *root_.find("classes");
    const SegHieroTree tree = map_classes(classes, problems_);
    context_.tree_refused = tree.hierarchy.is_null();
    put("hierarchy", tree.hierarchy);
    const Value& training = block(root_, "training", "training");
    put("loss", map_losses(training, tree.levels, classes.place, problems_));
    reject_unknown(root_, "", top_keys());
    return std::move(result_);
  }

 private:
  Value scalar(const std::string& text, const Place& place, const std::string& origin = "") const {
    Value value;
    value.kind = Value::Kind::kScalar;
    value.scalar = text;
    value.place = place;
    value.origin = origin;
    return value;
  }

  void put(const std::string& key, const Value& value) {
    Value* target = &result_;
    for (const std::string& part : split_key(key)) {
      if (target->is_null()) {
        target->kind = Value::Kind::kMap;
        target->place = value.place;
      }
      Value* next = target->find(part);
      if (next == nullptr) {
        target->entries.push_back({part, {}});
        next = &target->entries.back().value;
      }
      target = next;
    }
    *target = value;
  }

  void reject_unknown(const Value& map, const std::string& path,
                      const std::vector<std::string>& known) {
    for (const Entry& entry : map.entries) {
      if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
        const std::string near = nearest_name(entry.key, known);
        problems_.add(entry.value.place, path.empty() ? entry.key : path + "." + entry.key,
                      "unknown key of SegHiero" +
                          (near.empty() ? "" : ", did you mean " + near + "?"));
      }
    }
  }

  // A block of the file; null where it is missing or (a problem) no map.
  const Value& block(const Value& parent, const std::string& key, const std::string& path) {
    static const Value kNothing;
    const Value* value = parent.find(key);
    if (value == nullptr || value->is_null()) {
      return kNothing;
    }
    if (!value->is_map()) {
      problems_.add(value->place, path, "expected a map of keys, got " + describe(*value));
      return kNothing;
    }
    return *value;
  }

  // Renames keys of one block; keys in `others` are mapped elsewhere.
  void copy(const std::string& name, const std::vector<Rename>& renames,
            std::vector<std::string> others = {}) {
    const Value& from = block(root_, name, name);
    for (const Rename& rename : renames) {
      others.push_back(rename.from);
      if (const Value* value = from.find(rename.from)) {
        Value moved = *value;
        moved.origin = name + "." + rename.from;
        put(rename.to, moved);
      }
    }
    reject_unknown(from, name, others);
  }

  // The document prints `dataset:` with its keys unindented: then they stand at the top.
  bool is_unindented() const {
    const Value* dataset = root_.find("dataset");
    return dataset == nullptr || dataset->is_null();
  }

  std::vector<std::string> top_keys() const {
    std::vector<std::string> keys = {"dataset", "classes", "model", "training", "transform",
                                     "output"};
    if (is_unindented()) {
      keys.insert(keys.end(), {"root", "train", "val", "test"});
    }
    return keys;
  }

  void map_dataset() {
    const bool unindented = is_unindented();
    const Value& dataset = unindented ? root_ : block(root_, "dataset", "dataset");
    const std::string prefix = unindented ? "" : "dataset.";
    if (const Value* folder = dataset.find("root")) {
      Value moved = *folder;
      moved.origin = prefix + "root";
      put("data.root", moved);
    }
    for (const std::string split : {"train", "val", "test"}) {
      // SegHiero has no test split: it is the validation split then.
      const std::string from = split == "test" && dataset.find(split) == nullptr ? "val" : split;
      const Value& folders = block(dataset, from, prefix + from);
      map_folder(folders, prefix + from, "image_subdir", split, "images", from);
      map_folder(folders, prefix + from, "mask_subdir", split, "masks", from);
      if (from == split) {
        reject_unknown(folders, prefix + from, {"image_subdir", "mask_subdir"});
      }
    }
    if (!unindented) {
      reject_unknown(dataset, "dataset", {"root", "train", "val", "test"});
    }
  }

  // "/train/images" means a folder below the root; missing, the folder of the documented layout.
  void map_folder(const Value& folders, const std::string& path, const std::string& key,
                  const std::string& split, const std::string& kind, const std::string& from) {
    const Value* folder = folders.find(key);
    Value moved = folder == nullptr || folder->is_null()
                      ? scalar(from + "/" + kind, root_.place)
                      : *folder;
    moved.origin = path + "." + key;
    if (moved.is_scalar()) {
      moved.scalar.erase(0, moved.scalar.find_first_not_of("/\\"));
      moved.scalar = moved.scalar.empty() ? "." : moved.scalar;
    }
    put("data.splits." + split + "." + kind, moved);
  }

  // train.py always starts from weights trained on ImageNet.
  void map_model() {
    const Value& model = block(root_, "model", "model");
    const Value* written = model.find("pretrained_model");
    const Value name = written == nullptr || written->is_null()
                           ? scalar("resnet-101", model.is_null() ? root_.place : model.place)
                           : *written;
    static const std::regex kResNet("[Rr]es[Nn]et[-_]?(18|34|50|101|152)");
    std::smatch match;
    const std::string origin = "model.pretrained_model";
    if (!name.is_scalar() || !std::regex_match(name.scalar, match, kResNet)) {
      problems_.add(name.place, origin,
                    "expected resnet-18 | resnet-34 | resnet-50 | resnet-101 | resnet-152, got " +
                        describe(name));
    } else {
      const std::string encoder = "resnet" + match[1].str();
      put("model.encoder", scalar(encoder, name.place, origin));
      put("model.pretrained", scalar(weights_of(encoder), name.place, origin));
    }
    reject_unknown(model, "model", {"pretrained_model"});
  }

  void map_training() {
    copy("training",
         {{"epochs", "training.epochs"},
          {"batch_size", "training.batch_size"},
          {"lr", "optimizer.lr"},
          {"num_workers", "data.threads"}},
         {"device", "gpus", "fine_weight", "coarse_weight", "super_weight", "rmi_radius",
          "rmi_pool_way", "rmi_pool_size", "rmi_pool_stride"});
    map_device(block(root_, "training", "training"));
  }

  // SegHiero numbers devices within `gpus` (it sets CUDA_VISIBLE_DEVICES); we use the first only.
  void map_device(const Value& training) {
    const Value* device = training.find("device");
    const Value* gpus = training.find("gpus");
    std::vector<std::uint64_t> visible;
    const bool has_list = gpus != nullptr && !gpus->is_null();
    if (has_list && !parse(*gpus, visible)) {
      problems_.add(gpus->place, "training.gpus",
                    "expected a list of device numbers, got " + describe(*gpus));
      return;
    }
    if (has_list && visible.empty()) {
      put("device", scalar("cpu", gpus->place, "training.gpus"));
      return;
    }
    if (device == nullptr || device->is_null()) {
      if (has_list) {
        put("device", scalar("cuda:" + std::to_string(visible[0]), gpus->place, "training.gpus"));
      }
      return;
    }
    Value moved = *device;
    moved.origin = "training.device";
    static const std::regex kCuda("cuda(?::([0-9]{1,3}))?");
    std::smatch match;
    const std::string text = moved.scalar;
    if (has_list && std::regex_match(text, match, kCuda)) {
      const std::size_t index = match[1].matched ? std::stoul(match[1].str()) : 0;
      if (index >= visible.size()) {
        problems_.add(device->place, "training.device",
                      text + " counts within training.gpus, which lists " +
                          std::to_string(visible.size()));
        return;
      }
      moved.scalar = "cuda:" + std::to_string(visible[index]);
    }
    put("device", moved);
  }

  const Value& root_;
  Problems& problems_;
  ReadContext& context_;
  Value result_;
};

}  // namespace

bool is_seghiero(const Value& root) { return root.find("classes") != nullptr; }

Value map_seghiero(const Value& root, ReadContext& context) { return Mapper(root, context).map(); }

}  // namespace gyroseg
