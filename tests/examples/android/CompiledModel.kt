// A stand-in for LiteRT's classes: MODEL_RUNNER, a program, runs the model on floats from one file to another.
package com.google.ai.edge.litert

import android.content.res.AssetManager
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

enum class Accelerator { CPU }

class TensorBuffer : AutoCloseable {
    var values = FloatArray(0)
    fun writeFloat(values: FloatArray) { this.values = values }
    fun readFloat() = values
    override fun close() = Unit
}

class CompiledModel private constructor(private val name: String) : AutoCloseable {
    class Options(val accelerator: Accelerator)

    fun createInputBuffers() = listOf(TensorBuffer())
    fun createOutputBuffers() = listOf(TensorBuffer())

    fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>) {
        val bytes = ByteBuffer.allocate(4 * inputs[0].values.size).order(ByteOrder.LITTLE_ENDIAN)
        bytes.asFloatBuffer().put(inputs[0].values)
        File("in.raw").writeBytes(bytes.array())
        val words = System.getenv("MODEL_RUNNER").split(" ") + listOf(name, "in.raw", "out.raw")
        check(ProcessBuilder(words).inheritIO().start().waitFor() == 0)
        val found = ByteBuffer.wrap(File("out.raw").readBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        outputs[0].values = FloatArray(found.remaining()).also { found.get(it) }
    }

    override fun close() = Unit

    companion object {
        @JvmStatic
        fun create(assets: AssetManager, name: String, options: Options) =
            CompiledModel(name).also { check(options.accelerator == Accelerator.CPU && assets === assets) }
    }
}
