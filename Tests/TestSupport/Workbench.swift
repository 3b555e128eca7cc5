import OpenCLCompute
import Testing

/// A device with its operands laid out so that careless kernels are caught.
///
/// Each operand lies at an odd offset of its own inside a larger buffer. Around floats there is NaN, which a
/// kernel that forgets an offset reads, and which must be untouched at the end. Around indices there are zeros,
/// because an index out of range could take the whole process down before anything is reported.
package final class Workbench {
    package let backend: any Backend
    private var guarded: [(whole: Buffer<Float>, used: Range<Int>)] = []
    private var nextOffset = 1
    private let trailingCount = 5

    package init(_ device: Device) throws {
        backend = try device.backend()
    }

    package func buffer(_ values: [Float]) throws -> Buffer<Float> {
        let (whole, used) = try place(values, around: .nan)
        guarded.append((whole, used))
        return whole[used]
    }

    package func indices(_ values: [Int32]) throws -> Buffer<Int32> {
        let (whole, used) = try place(values, around: 0)
        return whole[used]
    }

    package func matrix(_ values: [Float], rows: Int, columns: Int) throws -> Matrix {
        Matrix(try buffer(values), rows: rows, columns: columns)
    }

    package func groups(of indices: [Int32], count: Int) throws -> IndexGroups {
        let (starts, positions) = IndexGroups.grouping(indices, count: count)
        return IndexGroups(starts: try self.indices(starts), positions: try self.indices(positions))
    }

    package func read(_ matrix: Matrix) throws -> [Float] { try backend.read(matrix.elements) }
    package func read(_ buffer: Buffer<Float>) throws -> [Float] { try backend.read(buffer) }

    /// Expects that nothing beside the operands was written.
    package func expectSurroundingsUntouched(sourceLocation: SourceLocation = #_sourceLocation) throws {
        for (whole, used) in guarded {
            let values = try backend.read(whole)
            let written = values.indices.first {
                !used.contains($0) && values[$0].bitPattern != Float.nan.bitPattern
            }
            #expect(
                written == nil, "written beside the operand \(used) of \(whole.count)",
                sourceLocation: sourceLocation)
        }
    }

    private func place<Element>(
        _ values: [Element], around guardValue: Element
    ) throws -> (Buffer<Element>, Range<Int>) {
        let used = nextOffset..<nextOffset + values.count
        let before = [Element](repeating: guardValue, count: nextOffset)
        let after = [Element](repeating: guardValue, count: trailingCount)
        let whole = try backend.makeBuffer(of: Element.self, count: used.upperBound + trailingCount)
        try backend.write(before + values + after, to: whole)
        nextOffset += 2
        return (whole, used)
    }
}
