/// The classes and functions that a pickle may name: those of `torch.load(weights_only=True)`.
enum PickleNames {
    private static let known: Set<String> = [
        "collections.OrderedDict", "collections.Counter", "torch.nn.parameter.Parameter", "torch.Size",
        "torch.Tensor", "torch.device", "torch.serialization._get_layout", "_codecs.encode", "builtins.bytearray",
        "builtins.set", "__builtin__.set", "builtins.complex", "torch._tensor._rebuild_from_type_v2",
        "torch.storage.TypedStorage", "torch.storage.UntypedStorage",
    ]
    private static let rebuilding: Set<String> = [
        "_rebuild_parameter", "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_tensor",
        "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_sparse_tensor", "_rebuild_meta_tensor_no_storage",
        "_rebuild_wrapper_subclass", "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor",
    ]

    /// The name, if it may stand there: also storages, tensors and number types of torch, which take no code.
    ///
    /// - Throws: ``StateDictionaryFault``.
    static func allowed(_ name: String) throws -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let last = parts.last ?? ""
        let isKind = last.hasSuffix("Storage") || last.hasSuffix("Tensor")
        let isNumber =
            last.wholeMatch(of: #/q?u?int\d+(x\d)?|b?float\d+(_e\dm\d\w*)?|complex\d+|bool|bits\d+(x\d)?/#) != nil
        let isAllowed =
            switch parts.dropLast().joined(separator: ".") {
            case "torch":
                isKind || isNumber
                    || last.wholeMatch(of: #/per_(tensor|channel)_(affine|symmetric|affine_float_qparams)/#) != nil
            case "torch.cuda": isKind
            case "torch._utils": rebuilding.contains(String(last))
            default: false
            }
        guard isAllowed || known.contains(name) else {
            throw StateDictionaryFault(
                "it needs the Python class or function \(name), and nothing in a file is run here; save the weights "
                    + "alone, with torch.save(model.state_dict(), path)")
        }
        return name
    }
}
