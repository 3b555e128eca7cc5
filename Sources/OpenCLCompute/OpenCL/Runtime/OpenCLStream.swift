import COpenCL

/// What queues work on a device, and all that changes while it does: kernels, whose arguments are set before each
/// launch, and workspaces.
///
/// ``OpenCLBackend`` keeps it behind a lock, for the whole of each operation.
struct OpenCLStream {
    let context: OpenCLContext
    private var programs: [String: OpenCLProgram] = [:]
    private var workspaces: [Workspace: Buffer<Float>] = [:]
    private var launches = 0
    private var milestone: OpenCLHandle?

    init(_ context: OpenCLContext) { self.context = context }

    /// What is kept from one launch to the next.
    enum Workspace {
        /// Copies of the matrices of a product, as CLBlast makes them, and transposes.
        case copies
        /// The panels of a product's right factor.
        case panels
        /// What a block of Muon's becomes on the way, and its Gram matrices.
        case orthogonal
        /// The product of a time step's recurrence.
        case product
        /// Sums of parts, until they are added up.
        case sums
    }

    /// Memory for a purpose, with elements of any value. The next operation may have it at once, since the queue is in
    /// order.
    mutating func workspace(_ purpose: Workspace, count: Int) throws -> Buffer<Float> {
        if let workspace = workspaces[purpose], workspace.count >= count { return workspace[0..<count] }
        let workspace = Buffer<Float>(storage: try OpenCLStorage(count: count, in: context), count: count)
        workspaces[purpose] = workspace
        return workspace
    }

    /// Queues a kernel with a work-item for each vector of `columns` (first index) and each of `rows` (second).
    mutating func launch(
        _ name: String, rows: Int, columns: Int, _ arguments: any OpenCLArgument...
    ) throws {
        let items = columns.dividedRoundingUp(by: context.info.vectorWidth)
        try launch(name, items: items, rows: rows, arguments)
    }

    /// Queues a kernel with `items` × `rows` work-items, or some more, which must do nothing.
    mutating func launch(_ name: String, items: Int, rows: Int = 1, _ arguments: [any OpenCLArgument]) throws {
        guard items > 0 && rows > 0 else { return }
        let kernel = try kernel(name)
        let group = min(kernel.groupSize, items.roundedUpToPowerOfTwo)
        try set(arguments, of: kernel, name)
        let size = [items.dividedRoundingUp(by: group) * group, rows]
        try enqueue(kernel, name, arguments, size: size, group: [group, 1])
    }

    /// Queues a kernel with `groups` work-groups. Its last argument, a local float for each item, is added here.
    mutating func launch(_ name: String, groups: Int, _ arguments: any OpenCLArgument...) throws {
        guard groups > 0 else { return }
        try launch(name, groups: groups, ofAtMost: context.info.laneCount, localFloats: { $0 }, arguments)
    }

    /// Queues a kernel with work-groups of up to `limit` items. Its last argument, as many ``LocalFloats`` as a group of
    /// so many items needs, is added here.
    ///
    /// - Parameter operations: those of its products.
    mutating func launch(
        _ name: String, groups: Int, ofAtMost limit: Int, localFloats: (Int) -> Int, operations: Int = 0,
        _ arguments: [any OpenCLArgument]
    ) throws {
        let kernel = try kernel(name)
        let items = min(kernel.maxGroupSize, limit)
        try set(arguments + [LocalFloats(count: localFloats(items))], of: kernel, name)
        try enqueue(kernel, name, arguments, size: [groups * items], group: [items], operations: operations)
    }

    /// Queues a kernel with `columns` × `rows` work-items, each a group of its own.
    mutating func launchAlone(
        _ name: String, columns: Int, rows: Int = 1, operations: Int = 0, _ arguments: [any OpenCLArgument]
    ) throws {
        let kernel = try kernel(name)
        try set(arguments, of: kernel, name)
        try enqueue(kernel, name, arguments, size: [columns, rows], group: [1, 1], operations: operations)
    }

    /// Writes a stored matrix, whose rows may lie apart, as its transpose.
    mutating func transpose(_ matrix: Matrix, into result: Matrix) throws {
        precondition(
            !matrix.isTransposed && result.rows == matrix.columns && result.columns == matrix.rows,
            "the transpose of \(matrix.shape) does not go into \(result.shape)")
        let tile = KernelConstants.transposedTile
        try launch(
            "rows_transpose", items: matrix.columns.dividedRoundingUp(by: tile),
            rows: matrix.rows.dividedRoundingUp(by: tile),
            [matrix.rows, matrix.columns, matrix.stride, matrix.elements, result])
    }

    func copy(_ source: Buffer<Float>, to destination: Buffer<Float>) throws {
        guard source.count > 0 else { return }
        let status = context.enqueue(.copy, "copy", bytes: 2 * source.byteCount) { event in
            clEnqueueCopyBuffer(
                context.queue.pointer, source.memory, destination.memory, source.offset * 4, destination.offset * 4,
                source.count * 4, 0, nil, event)
        }
        try check(status, "clEnqueueCopyBuffer", on: context.name)
    }

    func fill(_ buffer: Buffer<Float>, with value: Float) throws {
        guard buffer.count > 0 else { return }
        var value = value
        let status = context.enqueue(.copy, "fill", bytes: buffer.byteCount) { event in
            clEnqueueFillBuffer(
                context.queue.pointer, buffer.memory, &value, 4, buffer.offset * 4, buffer.count * 4, 0, nil, event)
        }
        try check(status, "clEnqueueFillBuffer", on: context.name)
    }

    /// The kernel of that name, whose first word is that of its file.
    mutating func kernel(_ name: String) throws -> OpenCLKernel {
        let file = String(name.prefix { $0 != "_" })
        if programs[file] == nil { programs[file] = try OpenCLProgram(file, in: context) }
        return try programs[file]!.kernel(name)
    }

    private func set(_ arguments: [any OpenCLArgument], of kernel: OpenCLKernel, _ name: String) throws {
        var index: cl_uint = 0
        for argument in arguments {
            let status = argument.set(kernel.handle.pointer, at: &index)
            try check(status, "clSetKernelArg(\(name), \(index))", on: context.name)
        }
    }

    /// The groups in the second dimension that every GPU takes: NVIDIA's and AMD's count them in 16 bits, and OpenCL has no
    /// question for it.
    static let mostRows = 65_535

    /// Queues a kernel, whose groups have one row; more rows than a launch may have are several launches.
    private mutating func enqueue(
        _ kernel: OpenCLKernel, _ name: String, _ arguments: [any OpenCLArgument], size: [Int], group: [Int],
        operations: Int = 0
    ) throws {
        let rows = size.count > 1 ? size[1] : 1
        for first in stride(from: 0, to: rows, by: Self.mostRows) {
            let offset = [0, first]
            let part = [size[0], min(rows - first, Self.mostRows)]
            let status = context.enqueue(
                .kernel, name, bytes: arguments.reduce(0) { $0 + $1.byteCount } * part[1] / rows,
                operations: operations * part[1] / rows
            ) { event in
                clEnqueueNDRangeKernel(
                    context.queue.pointer, kernel.handle.pointer, cl_uint(size.count), offset, part, group, 0, nil,
                    event)
            }
            try check(status, "clEnqueueNDRangeKernel(\(name))", on: context.name)
            try queued()
        }
    }

    /// What is queued need not begin before it is flushed (OpenCL 1.2, 5.13), and Mesa's rusticl keeps it until then. A
    /// device so slow in starting would wait for the host in every step.
    private mutating func queued() throws {
        launches += 1
        if launches % 256 == 0 {
            try boundQueue()
        } else if launches % 32 == 0 {
            try check(clFlush(context.queue.pointer), "clFlush", on: context.name)
        }
    }

    /// Keeps the host at most 512 launches ahead of the device: enough that the device never waits, and few enough
    /// that the driver does not (PoCL takes five times as long for each of 40,000).
    private mutating func boundQueue() throws {
        var event: cl_event?
        let queue = context.queue.pointer
        try check(clEnqueueMarkerWithWaitList(queue, 0, nil, &event), "clEnqueueMarkerWithWaitList", on: context.name)
        let previous = milestone
        milestone = OpenCLHandle(event!, release: { clReleaseEvent($0) })
        try check(clFlush(queue), "clFlush", on: context.name)
        guard let previous else { return }
        context.profile?.countPause()
        var awaited: cl_event? = previous.pointer
        try check(clWaitForEvents(1, &awaited), "clWaitForEvents", on: context.name)
    }
}
