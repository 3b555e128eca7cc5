import CLKernels

/// The sizes on which the host and the kernels must agree. They go to the compiler as definitions, so that each is said
/// once.
enum KernelConstants {
    /// Columns of a panel of a product's right factor; cpu.cl has vectors of so many floats.
    static let panelColumns = 16
    /// Rows of a product's tile in registers, on processors.
    static let tileRows = 5
    /// How much of a product's depth is taken at a time, on processors.
    static let blockDepth = 1024
    /// Columns of a product of one row in a work-item, on processors.
    static let rowColumns = 64
    /// Streams in a work-group's share of a recurrent layer, on GPUs; gpu.cl has vectors of so many floats.
    static let shareRows = 4
    /// Streams, and columns of the product, in a tile of a time step, on GPUs.
    static let stepRows = 16, stepColumns = 64
    /// How much of the product's depth is taken at a time there.
    static let stepDepth = 16
    /// The edge of the square that a work-item of rows_transpose turns over.
    static let transposedTile = 8

    fileprivate static let definitions = [
        ("PANEL", panelColumns), ("TILE_ROWS", tileRows), ("BLOCK_DEPTH", blockDepth), ("ROW_COLUMNS", rowColumns),
        ("SHARE_ROWS", shareRows), ("STEP_ROWS", stepRows), ("STEP_COLUMNS", stepColumns), ("STEP_DEPTH", stepDepth),
        ("TRANSPOSED_TILE", transposedTile),
    ]
}

/// What is given to a device's compiler for one program: the text of some kernel files, and definitions.
package struct KernelSource {
    /// The file that the program is named after: that of an operation or a cell.
    package let file: String
    package let text: String
    package let options: String

    /// - Parameter isForProcessors: whether the program is that of processors, or that of GPUs.
    package init(_ file: String, isForProcessors: Bool, vectorWidth: Int) {
        let cell = RecurrentCell(rawValue: file)
        let ofCell = ["cell", file, "sequence"] + (isForProcessors ? [] : ["step"])
        let files = ["common", isForProcessors ? "cpu" : "gpu"] + (cell == nil ? [file] : ofCell)
        let definitions =
            [("WIDTH", "\(vectorWidth)")] + KernelConstants.definitions.map { ($0, "\($1)") }
            + (cell?.kernelDefinitions ?? [])
        self.file = file
        text = files.map(Self.text).joined()
        options = "-cl-std=CL1.2" + definitions.map { " -D\($0)=\($1)" }.joined()
    }

    /// Every program, of processors or of GPUs. Only processors have products of their own.
    package static func all(isForProcessors: Bool, vectorWidth: Int) -> [KernelSource] {
        let operations =
            ["rows", "reduce", "softmax", "dropout", "optimizer", "muon"] + (isForProcessors ? ["product"] : [])
        return (operations + RecurrentCell.allCases.map(\.rawValue)).map {
            KernelSource($0, isForProcessors: isForProcessors, vectorWidth: vectorWidth)
        }
    }

    /// The text of a file, with which the compiler's messages name it.
    private static func text(_ file: String) -> String {
        guard let text = charrnn_kernel_source(file) else { preconditionFailure("there is no \(file).cl") }
        return "#line 1 \"\(file).cl\"\n" + String(cString: text)
    }
}

extension RecurrentCell {
    /// What sequence.cl has to know of the cell.
    fileprivate var kernelDefinitions: [(String, String)] {
        let gates = halfSteps.map { $0.product?.gates.count ?? 0 } + [0, 0]
        let names = halfSteps.map(\.name) + ["none", "none"]
        return [
            ("CELL", rawValue), ("GATES", "\(gateCount)"), ("MATRICES", "\(recurrentMatrixCount)"),
            ("MEMORY", carriesMemory ? "1" : "0"),
            ("MIXES_HIDDEN", mixesHidden ? "1" : "0"),
            ("HALF_STEPS", "\(halfSteps.count)"), ("FIRST", names[0]), ("FIRST_GATES", "\(gates[0])"),
            ("SECOND", names[1]), ("SECOND_GATES", "\(gates[1])"), ("THIRD", names[2]), ("THIRD_GATES", "\(gates[2])"),
        ]
    }
}
