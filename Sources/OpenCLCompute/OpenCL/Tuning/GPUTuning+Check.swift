extension GPUTuning {
    /// Has a device checked with each of its choices. CLBlast takes either of two kernels for a product by its size; here
    /// each has to compute all of them. And recurrent layers are computed in one launch.
    func checkChoices(_ check: (DeviceCheck.Operation) -> DeviceCheck.Result) throws -> [DeviceCheck.Result] {
        let parameters = try current()
        defer { try? apply(parameters) }
        func results(
            _ operations: [DeviceCheck.Operation], _ choice: String, _ changes: Parameters
        ) throws -> [DeviceCheck.Result] {
            try apply(changes)
            return operations.map { check(DeviceCheck.Operation(name: "\($0.name), \(choice)", run: $0.run)) }
        }
        var found = try results(DeviceCheck.products, "untiled", Self.untiled)
        if fitsTiled(parameters) { found += try results(DeviceCheck.products, "tiled", Self.tiled) }
        for cell in RecurrentCell.allCases {
            found += try results([DeviceCheck.recurrentLayer(cell)], "in one launch", Self.fused(cell, upTo: .max))
        }
        return found
    }
}
