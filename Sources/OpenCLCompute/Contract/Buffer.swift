/// The memory behind a buffer. Each backend has a class of its own, which frees it.
package protocol Storage: AnyObject, Sendable {}

/// A run of 32-bit elements in a device's memory: where it lies and how many there are.
///
/// A buffer is a reference to memory, not a copy of it: slices and copies of the value name the same elements.
/// The memory is released with the last buffer that names it.
public struct Buffer<Element: BitwiseCopyable & Sendable>: Sendable {
    package let storage: any Storage
    /// The first element's index in the storage.
    package let offset: Int
    /// The number of elements.
    public let count: Int

    package init(storage: any Storage, offset: Int = 0, count: Int) {
        self.storage = storage
        self.offset = offset
        self.count = count
    }

    /// The elements of `range`, in the same memory.
    public subscript(range: Range<Int>) -> Buffer {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= count,
            "slice \(range) of a buffer of \(count) elements")
        return Buffer(storage: storage, offset: offset + range.lowerBound, count: range.count)
    }
}
