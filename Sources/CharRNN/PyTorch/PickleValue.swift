/// A value of Python's. What it refers to lies among the ``PickleReader/objects``, so that values form no cycles in memory.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    case real(Double)
    case string(String)
    /// A class or function, which is never looked up nor called.
    case name(String)
    /// The place of an object.
    case object(Int)
}

enum PickleObject {
    /// A list, or what is made of one.
    case list([PickleValue])
    case tuple([PickleValue])
    case dictionary([(key: PickleValue, value: PickleValue)])
    /// The numbers of tensors: an entry of the archive.
    case storage(className: String, key: String)
    case tensor(PyTorchTensor)
    /// Of a class that a state dictionary does not need.
    case other(String)
}

/// A view of a storage.
struct PyTorchTensor {
    /// The place of the storage among the objects.
    let storage: Int
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
