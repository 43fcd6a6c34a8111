#pragma once

// Room model: what is known about families of models, as data. A family is a table of rules that
// say how the tensors of Hugging Face's names are made of those of MindSpore Transformers' names
// and the other way round, and the types that a result has by default; remap reads the table, the
// planner and the mover of every other job do the rest.

#include <reshard/model/deepseek.hpp>
#include <reshard/model/families.hpp>
#include <reshard/model/family.hpp>
#include <reshard/model/glm.hpp>
#include <reshard/model/llama.hpp>
#include <reshard/model/meta_llama.hpp>
#include <reshard/model/mixtral.hpp>
#include <reshard/model/qwen.hpp>
