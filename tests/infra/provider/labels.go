// Labels, which networks, volumes and containers write as blocks of a label and its value.
package main

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type labelModel struct {
	Label types.String `tfsdk:"label"`
	Value types.String `tfsdk:"value"`
}

var anew = []planmodifier.String{stringplanmodifier.RequiresReplace()}

func labelsBlock() schema.Block {
	return schema.SetNestedBlock{
		NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"label": schema.StringAttribute{Required: true},
			"value": schema.StringAttribute{Required: true},
		}},
		PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()},
	}
}

func labelsOf(models []labelModel) map[string]string {
	labels := map[string]string{}
	for _, model := range models {
		labels[model.Label.ValueString()] = model.Value.ValueString()
	}
	return labels
}

// idAttribute is the name by which Terraform and the engine know the resource.
func idAttribute() schema.Attribute {
	return schema.StringAttribute{
		Computed:      true,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}
