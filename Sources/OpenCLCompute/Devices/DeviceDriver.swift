/// What opens a device and knows what is special about it. Each kind of device has a type of its own, to which those who
/// need more than ``Device`` tells may cast.
package protocol DeviceDriver: Sendable {
    /// A new backend, started.
    func open() throws -> any Backend

    /// The device's memory as it is now, and the most that a buffer may take of it, in bytes; nil where that does not
    /// change.
    func memory() -> (total: UInt64, largestBuffer: UInt64)?

    /// Has operations checked once more for each way in which the device may compute them by choice. Afterwards all is
    /// as before.
    ///
    /// - Parameter check: runs an operation on the opened device.
    func checkChoices(_ check: (DeviceCheck.Operation) -> DeviceCheck.Result) throws -> [DeviceCheck.Result]
}

extension DeviceDriver {
    package func memory() -> (total: UInt64, largestBuffer: UInt64)? { nil }

    package func checkChoices(_ check: (DeviceCheck.Operation) -> DeviceCheck.Result) -> [DeviceCheck.Result] { [] }
}
