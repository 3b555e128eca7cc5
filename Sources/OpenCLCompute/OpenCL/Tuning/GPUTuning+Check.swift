extension GPUTuning {
    /// Has a device checked with each of its choices. CLBlast takes either of two kernels for a product by its size; here
    /// each has to compute all of them. And recurrent layers are computed in one launch, and with CLBlast's products, where
    /// half-steps with their products in one launch are among the operations already.
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
            let layer = [DeviceCheck.recurrentLayer(cell)]
            found += try results(layer, "in one launch", Self.fused(cell, upTo: .max))
            guard cell.hasRecurrentProduct else { continue }
            found += try results(
                layer, "products apart", Self.fused(cell, upTo: 0).merging(Self.whole(cell, upTo: 0)) { $1 })
        }
        return found
    }
}
