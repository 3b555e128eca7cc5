/// What opens a device and knows what is special about it. Each kind of device has a type of its own, to which those who
/// need more than ``Device`` tells may cast.
package protocol DeviceDriver: Sendable {
    /// A new backend, started.
    func open() throws -> any Backend

    /// Has operations checked once more for each way in which the device may compute them by choice. Afterwards all is
    /// as before.
    ///
    /// - Parameter check: runs an operation on the opened device.
    func checkChoices(_ check: (DeviceCheck.Operation) -> DeviceCheck.Result) throws -> [DeviceCheck.Result]
}

extension DeviceDriver {
    package func checkChoices(_ check: (DeviceCheck.Operation) -> DeviceCheck.Result) -> [DeviceCheck.Result] { [] }
}
